import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  type Abi,
  isKnownCall,
  numberOf,
  partOf,
  X32_BIT,
} from "../../../../src/slave/runch/seccomp/abis.ts";
import { AARCH64 } from "../../../../src/slave/runch/seccomp/syscall-tables.ts";

/** Of linux-libc-dev; where the compiler is not Debian's they stand one level up. */
const FOLDERS = ["/usr/include/x86_64-linux-gnu/asm", "/usr/include/asm"];
const folder = FOLDERS.find((one) => existsSync(`${one}/unistd_x32.h`));

const HEADERS: Partial<Record<Abi, string>> = {
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

/** All numbers that a compiler's headers have; on arm64 they are put together from several. */
function numbersBy(compiler: string): Map<string, number> | undefined {
  const argv = ["-dM", "-E", "-x", "c", "-include", "asm/unistd.h", "/dev/null"];
  const { status, stdout } = spawnSync(compiler, argv, { encoding: "utf8" });
  if (status !== 0) return undefined;
  const defined = new Map(
    [...stdout.matchAll(/^#define (__NR\w+) (\w+)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
  const follow = (word: string): number => {
    const next = defined.get(word);
    return next === undefined ? Number(word) : follow(next);
  };
  const names = [...defined.keys()].filter((name) => name.startsWith("__NR_"));
  return new Map(names.map((name) => [name.slice("__NR_".length), follow(name)]));
}

const arm64 = numbersBy(process.arch === "arm64" ? "gcc" : "aarch64-linux-gnu-gcc");
/** How many there are, and where a range begins: no calls. */
const NO_CALLS = ["syscalls", "arch_specific_syscall"];

test("the table has every call of arm64's headers under its number", {
  skip: arm64 === undefined ? "no compiler for arm64 is installed" : false,
}, () => {
  const calls = [...(arm64 ?? [])].filter(([name]) => !NO_CALLS.includes(name));
  for (const [name, nr] of calls) assert.equal(numberOf("SCMP_ARCH_AARCH64", name), nr, name);
  assert.ok(calls.length > 300, `${calls.length} calls`);
});

test("arm64 has no call of a name that is known of it alone, and none of the old ones", () => {
  for (const name of AARCH64.split(/\s+/))
    assert.ok(name === "" || /^\d/.test(name) || isKnownCall(name), name);
  for (const name of ["open", "stat", "fork", "socketcall", "mmap2"])
    assert.equal(numberOf("SCMP_ARCH_AARCH64", name), undefined, name);
});

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
