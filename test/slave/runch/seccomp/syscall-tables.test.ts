import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  type Abi,
  isKnownCall,
  numberOf,
  partOf,
  X32_BIT,
} from "../../../../src/slave/runch/seccomp/abis.ts";

/** Of linux-libc-dev; where the compiler is not Debian's they stand one level up. */
const FOLDERS = ["/usr/include/x86_64-linux-gnu/asm", "/usr/include/asm"];
const folder = FOLDERS.find((one) => existsSync(`${one}/unistd_x32.h`));

const HEADERS: Record<Abi, string> = {
  SCMP_ARCH_X86: "unistd_32.h",
  SCMP_ARCH_X86_64: "unistd_64.h",
  SCMP_ARCH_X32: "unistd_x32.h",
};

for (const [abi, header] of Object.entries(HEADERS) as [Abi, string][]) {
  const skip = folder === undefined ? "the kernel's headers for x86 are not installed" : false;
  test(`the table has every call of ${header} under its number`, { skip }, () => {
    const lines = readFileSync(`${folder}/${header}`, "utf8").matchAll(
      /^#define __NR_(\w+) (?:\(__X32_SYSCALL_BIT \+ )?(\d+)\)?$/gm,
    );
    const bit = abi === "SCMP_ARCH_X32" ? X32_BIT : 0;
    let seen = 0;
    for (const [, name = "", nr] of lines) {
      seen++;
      assert.equal(numberOf(abi, name), Number(nr) + bit, name);
    }
    assert.ok(seen > 340, `${seen} calls`);
  });
}

test("x32 has calls of its own, lacks some of amd64, and shares the rest", () => {
  assert.equal(numberOf("SCMP_ARCH_X32", "execve"), X32_BIT + 520);
  assert.equal(numberOf("SCMP_ARCH_X32", "read"), X32_BIT);
  assert.equal(numberOf("SCMP_ARCH_X32", "uselib"), undefined);
  assert.equal(numberOf("SCMP_ARCH_X86_64", "uselib"), 134);
});

test("socketcall and ipc have parts on i386 alone", () => {
  assert.deepEqual(partOf("SCMP_ARCH_X86", "sendmmsg"), { nr: 102, sub: 20 });
  assert.deepEqual(partOf("SCMP_ARCH_X86", "shmctl"), { nr: 117, sub: 24 });
  assert.equal(partOf("SCMP_ARCH_X86_64", "socket"), undefined);
  assert.equal(partOf("SCMP_ARCH_X86", "read"), undefined);
});

test("a call of another architecture is known, a slip of the pen is not", () => {
  for (const name of ["read", "send", "mmap2", "arch_prctl", "cacheflush", "s390_sthyi", "mseal"])
    assert.ok(isKnownCall(name), name);
  for (const name of ["raed", "", "constructor"]) assert.ok(!isKnownCall(name), name);
});
