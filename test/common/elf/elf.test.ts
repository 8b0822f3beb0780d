import assert from "node:assert/strict";
import { test } from "node:test";
import { readElf } from "../../../src/common/elf/elf.ts";
import { makeElf } from "../../support/elf.ts";

for (const [width, machine, name] of [
  [32, 3, "i386"],
  [64, 62, "amd64"],
] as const) {
  test(`a ${width}-bit program tells its loader, libraries, run path and kernel floor`, () => {
    const elf = readElf(
      makeElf({
        class: width,
        machine,
        interpreter: "/lib/ld.so",
        needed: ["libb.so.1", "liba.so.2"],
        runpath: "$ORIGIN/../lib:/opt/x",
        abi: [0, 2, 6, 32],
      }),
    );
    assert.equal(elf?.class, width);
    assert.equal(elf.machine, name);
    assert.equal(elf.interpreter, "/lib/ld.so");
    assert.deepEqual(elf.needed, ["libb.so.1", "liba.so.2"]);
    assert.equal(elf.runpath, "$ORIGIN/../lib:/opt/x");
    assert.equal(elf.rpath, null);
    assert.equal(elf.abiFloor, "2.6.32");
  });
}

test("a big-endian library is read in its own byte order", () => {
  const elf = readElf(
    makeElf({ class: 32, machine: 8, bigEndian: true, soname: "libq.so.1", rpath: "/q", abi: [0, 3, 2, 0] }),
  );
  assert.equal(elf?.machine, "mips");
  assert.equal(elf.soname, "libq.so.1");
  assert.equal(elf.rpath, "/q");
  assert.equal(elf.abiFloor, "3.2.0");
});

test("a static program has no loader and no libraries, and without the note any kernel will do", () => {
  const elf = readElf(makeElf({ class: 32, machine: 3 }));
  assert.equal(elf?.interpreter, null);
  assert.deepEqual(elf?.needed, []);
  assert.equal(elf?.abiFloor, null);
});

test("a note of another system says nothing about Linux", () => {
  assert.equal(readElf(makeElf({ class: 64, machine: 62, abi: [1, 9, 9, 9] }))?.abiFloor, null);
});

test("what is no ELF file, or ends in its header, gives null", () => {
  assert.equal(readElf(new TextEncoder().encode("#!/bin/sh\n".padEnd(100))), null);
  assert.equal(readElf(new Uint8Array(0)), null);
  assert.equal(readElf(makeElf({ class: 64, machine: 62 }).subarray(0, 40)), null);
});

test("a file cut anywhere gives what is left and never an error", () => {
  const whole = makeElf({
    class: 64,
    machine: 62,
    interpreter: "/lib/ld.so",
    needed: ["liba.so"],
    abi: [0, 3, 2, 0],
  });
  // 64 bytes of header, then program headers of 56: of the whole file, the loader's name, the note, the dynamic section
  const noteHeaderEnd = 64 + 3 * 56;
  // what they tell of, from 1024 on, each at a multiple of 8
  const [interpreter, note, strings, dynamic] = [1024, 1040, 1072, 1088];
  assert.equal(whole.length, dynamic + 4 * 16);
  for (let size = 64; size <= whole.length; size++) {
    // entries of 16 bytes: the library's name, the string table's place, its size
    const [named, placed, sized] = [1, 2, 3].map((entries) => size >= dynamic + entries * 16);
    assert.deepEqual(
      readElf(whole.subarray(0, size)),
      {
        class: 64,
        machine: "amd64",
        type: "shared",
        interpreter: "/lib/ld.so".slice(0, Math.max(0, size - interpreter)) || null,
        needed: named && placed ? ["liba.so"] : [],
        soname: null,
        rpath: null,
        runpath: null,
        noDefaultDirs: false,
        abiFloor: size >= note + 32 ? "3.2.0" : null,
        strings: { offset: placed ? strings : 0, size: sized ? "\0liba.so\0".length : 0 },
        littleEndian: true,
        notes: size >= noteHeaderEnd ? [{ offset: note, size: 32 }] : [],
      },
      `${size} bytes`,
    );
  }
});

test("offsets that point nowhere are survived", () => {
  const broken = makeElf({ class: 64, machine: 62, needed: ["liba.so"] });
  for (let at = 32; at < 400; at++) {
    const copy = broken.slice();
    copy[at] = 0xff;
    readElf(copy);
  }
});
