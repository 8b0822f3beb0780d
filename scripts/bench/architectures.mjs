/**
 * What a slave's part of vz costs by its architecture: starts of /bin/true by `runch start BUNDLE-DIR` in turns, of all whose
 * programs this machine runs without an emulator; of the others the size alone. Prints a table in Markdown. Called by run.sh with a
 * work folder and, if wanted, the number of rounds (150).
 */
import { mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { architectures } from "../build/architectures.mjs";
import { root } from "../build/base-target.mjs";
import { runsHere } from "../machine.mjs";
import { makeBundle } from "./cases.mjs";
import { measured } from "./measured.mjs";

const [work, roundsText = "150"] = process.argv.slice(2);
const rounds = Number(roundsText);
if (work === undefined || !Number.isInteger(rounds) || rounds < 2) {
  process.stderr.write("usage: bash scripts/bench/run.sh architectures [ROUNDS]\n");
  process.exit(64);
}

const slavePart = (name) => join(root, "build/slaves", `vz-${name}`);
const { bundle } = makeBundle(work, "mount", ["mount"], ["/bin/true"]);
const tried = architectures.filter(runsHere);
const cases = tried.map(({ name }) => {
  const runch = join(work, name, "runch");
  mkdirSync(join(work, name));
  symlinkSync(slavePart(name), runch);
  return { words: [runch, "--root", "/run/runch-bench", "start", bundle] };
});
const figures = measured(work, cases, rounds);

const ms = (us) => (us / 1000).toFixed(2);
function cellsOf(one) {
  const { min, p10, cpuMin, peak } = figures[tried.indexOf(one)] ?? {};
  const costs = peak === undefined ? ["", "", "", ""] : [ms(min), ms(p10), ms(cpuMin), String(peak)];
  return [one.name, ...costs, String(Math.ceil(statSync(slavePart(one.name)).size / 1024))];
}
const heads = ["", "minimum, ms", "p10, ms", "CPU, ms", "peak, kB", "size, KB"];
for (const cells of [heads, heads.map(() => "---"), ...architectures.map(cellsOf)])
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
const left = architectures.filter((one) => !tried.includes(one)).map(({ name }) => name);
if (left.length > 0) process.stdout.write(`This machine does not run programs for ${left.join(", ")}.\n`);
