/**
 * Has the compiler of every architecture make bytecode of all bundles, under qemu-user where it does not run here, and compares: the
 * machine that vz is built on must not show in it. Likewise for what the packers make.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { architectures } from "./build/architectures.mjs";
import { root } from "./build/base-target.mjs";
import { runsHere } from "./machine.mjs";

const bundles = join(root, "build/bundles");
const names = readdirSync(bundles, { recursive: true }).filter((name) => name.endsWith(".js"));
const dir = mkdtempSync(join(tmpdir(), "vz-bytecode-"));

function run(one, tool, ...args) {
  const program = join(root, `build/tools/${one.name}/${tool}`);
  const argv = runsHere(one) ? [program] : [`/usr/bin/${one.emulator}-static`, program];
  const { status, stderr, error } = spawnSync(argv[0], [...argv.slice(1), ...args], { encoding: "utf8" });
  if (status === 0) return;
  process.stderr.write(`check-bytecode: ${one.name}: ${tool}: ${error?.message ?? stderr}\n`);
  process.exit(1);
}

/** What an architecture's tools make of a bundle: bytecode, and that packed. */
function made(one, name) {
  const [out, packed] = [join(dir, "out.qbc"), join(dir, "packed.qbc")];
  run(one, "vzqjsc", join(bundles, name), out, `vz:${name}`, "lines");
  copyFileSync(out, packed);
  run(one, "vzpack", packed);
  return [readFileSync(out), readFileSync(packed)];
}

let differences = 0;
try {
  for (const name of names) {
    const [first, ...others] = architectures.map((one) => made(one, name));
    for (const [at, files] of others.entries()) {
      if (files.every((bytes, i) => bytes.equals(first[i]))) continue;
      differences++;
      process.stderr.write(`check-bytecode: ${name}: ${architectures[at + 1].name} makes other bytes\n`);
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
const where = architectures.map(({ name }) => name).join(", ");
process.stdout.write(
  `check-bytecode: ${names.length} bundles, the same by the tools of ${where} but for ${differences}\n`,
);
process.exit(differences === 0 && names.length > 0 ? 0 : 1);
