/**
 * What kind of machine this is, for tests, demo and benchmarks: its kernel runs 32-bit Intel programs itself, or it does not (a
 * 64-bit-only kernel, an arm64 machine, or VZ_TEST_NO32=1, which makes any machine behave so). Where it does, all runs with the
 * i686 executable, which is the product; else with the machine's own.
 *
 *     node scripts/machine.mjs               says it, and what is left out
 *     node scripts/machine.mjs --executable  the path of the executable to run here
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { architectures } from "./build/architectures.mjs";
import { root } from "./build/base-target.mjs";

/**
 * A static i386 ELF (elf(5)) that ends with 42, or with 43 where ptrace(PTRACE_TRACEME) is not known, as under qemu-user: push $26;
 * pop %eax; xor of %ebx, %ecx, %edx, %esi; int $0x80; push $42; pop %ebx; cmp $-38, %eax; jne over; inc %ebx; push $1; pop %eax;
 * int $0x80.
 */
const PROGRAM = Buffer.from(
  "7f454c46010101000000000000000000020003000100000054000100340000000000000000000000340020000100000000000000" +
    "010000000000000000000100000001006f0000006f0000000500000000100000" +
    "6a1a5831db31c931d231f6cd806a2a5b83f8da7501436a0158cd80",
  "hex",
);
const RAN_NATIVELY = 42;

/** Whether the kernel itself runs 32-bit Intel programs: an emulator's answer does not count. */
function runs32() {
  if (process.env.VZ_TEST_NO32 === "1") return false;
  const dir = mkdtempSync(join(tmpdir(), "vz-machine-"));
  try {
    const file = join(dir, "program");
    writeFileSync(file, PROGRAM, { mode: 0o700 });
    return spawnSync(file).status === RAN_NATIVELY;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const NAMES = { x64: "x86_64", arm64: "aarch64" };
const product = architectures[0];
const own = architectures.find(({ name }) => name === NAMES[process.arch]);
const found = runs32() ? product : own;
if (found === undefined) {
  process.stderr.write(`machine: no executable of vz runs on ${process.arch}\n`);
  process.exit(1);
}
/** Whether the product itself runs here. */
export const is32 = found === product;
/** The row of architectures.tsv that tests run with. */
export const architecture = found;
/** Whether programs of an architecture run here without an emulator. */
export const runsHere = (one) => one === own || one === found;
export const executable = join(root, "dist", found.file);
export const base = join(root, `build/base-${found.name}`);

/** What a test's environment says of it (test/support/machine.ts). */
export const testEnvironment = {
  VZ_TEST_ARCH: found.name,
  VZ_TEST_EXECUTABLE: executable,
  VZ_TEST_BASE: base,
};

function describe() {
  const why =
    process.env.VZ_TEST_NO32 === "1" ? "as VZ_TEST_NO32=1 asks" : "the kernel's answer to a small program";
  return is32
    ? `machine: it runs 32-bit Intel programs; all runs with ${product.name}\n`
    : `machine: it runs no 32-bit Intel programs (${why}); all runs with ${found.name}, and ${product.name} under qemu-i386 and on virtual machines\n` +
        "machine: left out: the tests of 32-bit programs in containers, and of slaves that run nothing else, each with its reason\n";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(process.argv[2] === "--executable" ? `${executable}\n` : describe());
}
