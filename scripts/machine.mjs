/**
 * What kind of machine this is, for tests, demo and benchmarks: its kernel runs 32-bit Intel programs itself, or it does not (a
 * 64-bit-only kernel, an arm64 machine, or VZ_TEST_NO32=1, which makes any machine behave so). Where it does, all runs with the
 * i686 executable, which is the product; else with the machine's own.
 *
 *     node scripts/machine.mjs               says it, and what is left out
 *     node scripts/machine.mjs --executable  the path of the executable to run here
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { architectures } from "./build/architectures.mjs";
import { root } from "./build/base-target.mjs";

const without32 = process.env.VZ_TEST_NO32 === "1";
const product = architectures[0];

/** Names of the architectures whose programs the kernel itself runs, as `vz master deploy` finds out on slaves. */
function tried() {
  const script = readFileSync(join(root, "ansible/roles/slave/files/architectures.sh"), "utf8");
  const prelude = 'die() { echo "machine: $*" >&2; exit 1; }\n';
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", prelude + script], {
    env: { ...process.env, directory: tmpdir() },
    encoding: "utf8",
  });
  if (status !== 0) fail(stderr.trim());
  const names = [...stdout.matchAll(/^vz: tried (\S+) 42$/gm)].map((match) => match[1]);
  return new Set(without32 ? names.filter((name) => name !== product.name) : names);
}

function fail(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

const native = tried();
/** Whether programs of an architecture run here without an emulator. */
export const runsHere = ({ name }) => native.has(name);
/** The row of architectures.tsv that tests run with. */
export const architecture =
  architectures.find(runsHere) ?? fail("machine: no executable of vz runs on this machine");
/** Whether the product itself runs here. */
export const is32 = architecture === product;
export const executable = join(root, "dist", architecture.file);
export const base = join(root, `build/base-${architecture.name}`);

/** What a test's environment says of it (test/support/machine.ts). */
export const testEnvironment = {
  VZ_TEST_ARCH: architecture.name,
  VZ_TEST_EXECUTABLE: executable,
  VZ_TEST_BASE: base,
};

function describe() {
  const why = without32 ? "as VZ_TEST_NO32=1 asks" : "its kernel refuses one";
  return is32
    ? `machine: it runs 32-bit Intel programs; all runs with ${product.name}\n`
    : `machine: it runs no 32-bit Intel programs (${why}); all runs with ${architecture.name}, and ${product.name} under ` +
        `${product.emulator} and on virtual machines\n` +
        "machine: left out: 32-bit programs in containers, and slaves that run nothing else, each with its reason where it is skipped\n";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(process.argv[2] === "--executable" ? `${executable}\n` : describe());
}
