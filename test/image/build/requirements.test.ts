import assert from "node:assert/strict";
import { test } from "node:test";
import { readElf } from "../../../src/common/elf/elf.ts";
import { Requirements } from "../../../src/image/build/requirements.ts";
import { makeElf } from "../../support/elf.ts";

const [I386, ARM, AMD64, ARM64, RISCV] = [3, 40, 62, 183, 243];

/** What an image with programs for these machines asks for (e_machine). */
function architectureOf(...machines: number[]): string {
  const requirements = new Requirements();
  for (const machine of machines) {
    const elf = readElf(makeElf({ class: machine === I386 || machine === ARM ? 32 : 64, machine }));
    assert.ok(elf !== null);
    requirements.add(elf);
  }
  return requirements.architecture;
}

test("an image asks for the machine of its programs, of a 32-bit and a 64-bit one for the latter", () => {
  assert.equal(architectureOf(), "any");
  assert.equal(architectureOf(I386), "i386");
  assert.equal(architectureOf(I386, AMD64), "amd64");
  assert.equal(architectureOf(ARM64), "arm64");
  assert.equal(architectureOf(ARM64, ARM), "arm64");
  assert.equal(architectureOf(ARM), "arm");
  assert.equal(architectureOf(RISCV), "riscv");
});
