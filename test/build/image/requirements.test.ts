import assert from "node:assert/strict";
import { test } from "node:test";
import { Requirements } from "../../../src/build/image/requirements.ts";
import { deviceNumbers } from "../../../src/build/image/scan.ts";
import type { Elf } from "../../../src/common/elf.ts";

function elf(machine: string, abiFloor: string | null = null, type: Elf["type"] = "shared"): Elf {
  return {
    class: 32,
    machine,
    type,
    abiFloor,
    interpreter: null,
    needed: [],
    soname: null,
    rpath: null,
    runpath: null,
    noDefaultDirs: false,
    strings: { offset: 0, size: 0 },
    littleEndian: true,
    notes: [],
  };
}

function requirementsOf(...elves: Elf[]): [string, string | null] {
  const requirements = new Requirements();
  for (const one of elves) requirements.add(one);
  return [requirements.architecture, requirements.kernelFloor];
}

test("an image without machine code runs anywhere", () => {
  assert.deepEqual(requirementsOf(), ["any", null]);
});

test("one 64-bit program makes an image of 32-bit ones need a 64-bit slave", () => {
  assert.deepEqual(requirementsOf(elf("i386"), elf("i386")), ["i386", null]);
  assert.deepEqual(requirementsOf(elf("i386"), elf("amd64"), elf("i386")), ["amd64", null]);
});

test("firmware and object files for other machines do not count", () => {
  assert.deepEqual(requirementsOf(elf("arm64", "9.0.0", "other"), elf("i386")), ["i386", null]);
  assert.deepEqual(requirementsOf(elf("arm64")), ["arm64", null]);
  assert.deepEqual(requirementsOf(elf("machine 250")), ["machine-250", null]);
});

test("the kernel floor is the highest by number, not by spelling", () => {
  const floors = ["2.6.32", "3.2.0", "3.10.0", "2.6.9"];
  assert.equal(requirementsOf(...floors.map((floor) => elf("i386", floor)))[1], "3.10.0");
  assert.equal(requirementsOf(elf("i386", "2.6.32"), elf("i386"))[1], "2.6.32");
  // A broken note is no kernel.
  assert.equal(requirementsOf(elf("i386", "4294967295.0.0"))[1], null);
});

test("device numbers are taken apart as Linux puts them together", () => {
  // 1:3 and 8:17 in the old 8+8 bits; 259:300 needs the extended minor: (259 << 8) | (300 & 0xff) | ((300 >> 8) << 20).
  assert.deepEqual(deviceNumbers(0x103), { major: 1, minor: 3 });
  assert.deepEqual(deviceNumbers(0x811), { major: 8, minor: 17 });
  assert.deepEqual(deviceNumbers(259 * 256 + 44 + 1 * 2 ** 20), { major: 259, minor: 300 });
  // Minor 1048575 fills all twenty bits.
  assert.deepEqual(deviceNumbers(0xfff00000 + 8 * 256 + 255), { major: 8, minor: 1048575 });
});
