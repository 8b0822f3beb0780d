import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, Manifest, Provenance } from "../../src/common/image/manifest.ts";
import { diffImages, type ImageDiff } from "../../src/image/diff.ts";
import { CONFIG, directory, file, manifestOf, PROVENANCE, symlink } from "../common/image/sample.ts";

function diffOf(a: Manifest, b: Manifest, pa?: Provenance, pb?: Provenance): ImageDiff {
  return diffImages({ manifest: a, provenance: pa }, { manifest: b, provenance: pb });
}

function filesOf(a: readonly Entry[], b: readonly Entry[]): [string, readonly string[]][] {
  const { files } = diffOf(manifestOf([directory("rootfs"), ...a]), manifestOf([directory("rootfs"), ...b]));
  return files.map(({ path, what, ...of }) => [
    path,
    of.a === undefined ? ["+"] : of.b === undefined ? ["-"] : what,
  ]);
}

test("an image does not differ from itself", () => {
  const whole = manifestOf([directory("rootfs"), file("rootfs/a", "x")]);
  const nothing = { facts: [], packages: [], files: [], send: { objects: 0, bytes: 0 } };
  assert.deepEqual(diffOf(whole, whole, PROVENANCE, PROVENANCE), nothing);
});

test("files that came, went and changed are told in the order of their paths, each with what is another", () => {
  const device = { path: "rootfs/dev", mode: 0o600, uid: 0, gid: 0, type: "char", major: 1 } as const;
  assert.deepEqual(
    filesOf(
      [
        file("rootfs/a", "x"),
        file("rootfs/b", "x"),
        { ...device, minor: 3 },
        symlink("rootfs/l", "a"),
        file("rootfs/same", "x"),
        file("rootfs/t", "x"),
        directory("rootfs/z"),
      ],
      [
        file("rootfs/b", "y", { mode: 0o755, gid: 5 }),
        file("rootfs/c", "x"),
        { ...device, minor: 5 },
        symlink("rootfs/l", "b"),
        file("rootfs/same", "x"),
        directory("rootfs/t"),
        directory("rootfs/z", { uid: 1 }),
      ],
    ),
    [
      ["rootfs/a", ["-"]],
      ["rootfs/b", ["mode", "owner", "content"]],
      ["rootfs/c", ["+"]],
      ["rootfs/dev", ["device"]],
      ["rootfs/l", ["target"]],
      ["rootfs/t", ["type", "mode"]],
      ["rootfs/z", ["owner"]],
    ],
  );
});

test("names that are not UTF-8 are matched in the order of their bytes", () => {
  assert.deepEqual(filesOf([file("rootfs/\udc80", ""), file("rootfs/é", "")], [file("rootfs/é", "")]), [
    ["rootfs/\udc80", ["-"]],
  ]);
});

test("another config.json is a change of that file, and is not sent as an object", () => {
  const rootfs = [directory("rootfs")];
  const { files, send } = diffOf(manifestOf(rootfs), manifestOf(rootfs, `${CONFIG} `));
  assert.deepEqual(
    files.map(({ path, what }) => [path, what]),
    [["config.json", ["content"]]],
  );
  assert.deepEqual(send, { objects: 0, bytes: 0 });
});

test("what a push costs is each object once that the first image lacks", () => {
  const a = manifestOf([directory("rootfs"), file("rootfs/old", "12345")]);
  const b = manifestOf([
    directory("rootfs"),
    file("rootfs/again", "1234567"),
    // The same content under another mode is an object of its own in a slave's store.
    file("rootfs/mode", "12345", { mode: 0o755 }),
    file("rootfs/moved", "12345"),
    file("rootfs/new", "1234567"),
  ]);
  assert.deepEqual(diffOf(a, b).send, { objects: 2, bytes: 12 });
});

test("facts and packages that differ are told with both values", () => {
  const a = manifestOf([directory("rootfs")]);
  const b = { ...a, name: "other", kernelFloor: "3.2.0" };
  const newer: Provenance = {
    command: ["/bin/hello"],
    host: null,
    packages: [
      { name: "hello", version: "2.12", architecture: "i386" },
      { name: "libc6", version: "2.36-9", architecture: "amd64" },
      { name: "zlib1g", version: "1.3", architecture: "i386" },
    ],
  };
  const { facts, packages } = diffOf(a, b, PROVENANCE, newer);
  assert.deepEqual(facts, [
    { key: "name", a: "sample", b: "other" },
    { key: "kernelFloor", a: null, b: "3.2.0" },
    { key: "provenance.command", a: PROVENANCE.command, b: ["/bin/hello"] },
    { key: "provenance.host", a: PROVENANCE.host, b: null },
  ]);
  assert.deepEqual(packages, [
    { name: "hello", architecture: "i386", a: "1:2.10-3+b1~x", b: "2.12" },
    { name: "libc6", architecture: "i386", a: "2.36-9", b: undefined },
    { name: "zlib1g", architecture: "i386", a: undefined, b: "1.3" },
  ]);
});
