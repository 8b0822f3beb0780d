import assert from "node:assert/strict";
import { test } from "node:test";
import type { FactsAnswer } from "../../../src/common/contract/protocol.ts";
import {
  chooseImage,
  findHidden,
  type LocalImage,
  whyNone,
  whyUnfit,
} from "../../../src/master/fleet/image-choice.ts";
import { sampleFacts as facts, sampleImage as image } from "../../support/facts.ts";

function made(architecture: string, kernelFloor: string | null = null): LocalImage {
  const file = `/images/web-${architecture}.tar`;
  return { file, id: `sha256:${architecture}`, name: "web", architecture, kernelFloor };
}

const unfit: readonly (readonly [string, Partial<LocalImage>, Partial<FactsAnswer>, string | undefined])[] = [
  ["a 32-bit image fits a 32-bit slave", {}, {}, undefined],
  [
    "a 64-bit image does not fit a slave that runs 32-bit programs only, whatever uname says",
    { architecture: "amd64" },
    { machine: "x86_64" },
    "its image web is for amd64, which does not run there",
  ],
  ["it fits one that runs both", { architecture: "amd64" }, { architectures: ["i386", "amd64"] }, undefined],
  [
    "an image for another processor does not fit",
    { architecture: "arm" },
    {},
    "its image web is for arm, which does not run there",
  ],
  ["scripts fit everywhere", { architecture: "any" }, { architectures: [] }, undefined],
  [
    "a C library that is too new does not fit an old kernel",
    {},
    { kernel: "2.6.32-042stab134.8" },
    "its image web needs Linux 3.2.0, the kernel there is 2.6.32-042stab134.8",
  ],
  ["without a floor it fits", { kernelFloor: null }, { kernel: "2.6.32" }, undefined],
];
for (const [title, of, on, expected] of unfit) {
  test(title, () => assert.equal(whyUnfit({ ...image, ...of }, facts(on)), expected));
}

const list = [made("i386"), made("amd64"), made("arm64")];
const chosen = (architectures: string[], current?: string) =>
  chooseImage(list, facts({ architectures }), current)?.architecture;

test("a slave gets the first image that it can run", () => {
  assert.equal(chosen(["i386", "amd64"]), "i386");
  assert.equal(chosen(["amd64"]), "amd64");
  assert.equal(chosen(["arm64"], "sha256:i386"), "arm64");
});

test("the kernel decides too", () => {
  const two = [made("i386", "3.2.0"), made("any")];
  const on = (kernel: string) => chooseImage(two, facts({ kernel }), undefined)?.architecture;
  assert.deepEqual([on("6.1.0"), on("2.6.32")], ["i386", "any"]);
});

test("a slave that does not answer, or can run none, keeps the image that it has", () => {
  assert.equal(chooseImage(list, undefined, "sha256:arm64")?.architecture, "arm64");
  assert.equal(chooseImage(list, undefined, undefined)?.architecture, "i386");
  assert.equal(chosen([], "sha256:amd64"), "amd64");
  assert.equal(chosen([]), "i386");
});

test("a slave that can run none of several is told why, of each", () => {
  const two = [made("amd64"), made("i386", "5.0.0")];
  assert.equal(
    whyNone(two, facts()),
    "it can run none of its images: web-amd64.tar is for amd64, which does not run there; " +
      "web-i386.tar needs Linux 5.0.0, the kernel there is 4.9.0",
  );
  assert.equal(whyNone(two, facts({ kernel: "5.10.0" })), undefined);
  assert.equal(whyNone([made("amd64")], facts()), "its image web is for amd64, which does not run there");
  assert.equal(whyNone(two, undefined), undefined);
  assert.equal(whyNone([], facts()), undefined);
});

test("an image behind one that runs wherever it does can never be chosen", () => {
  const hidden = (...images: LocalImage[]) => findHidden(images)?.hidden.architecture;
  assert.equal(hidden(...list), undefined);
  assert.equal(hidden(made("i386"), made("amd64"), made("i386", "3.2.0")), "i386");
  assert.equal(hidden(made("i386", "3.2.0"), made("i386")), undefined);
  assert.equal(hidden(made("any"), made("amd64")), "amd64");
  assert.equal(hidden(made("amd64"), made("any")), undefined);
});
