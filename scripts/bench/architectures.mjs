/**
 * What a slave's part of vz costs by its architecture: starts of /bin/true by `runch start BUNDLE-DIR` in turns, of all whose programs
 * this machine runs without an emulator. Prints a table in Markdown. Called by run.sh with a work folder and, if wanted, the
 * number of rounds (150).
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

const bundles = [
  makeBundle(work, "mount", ["mount"], ["/bin/true"]).bundle,
  makeBundle(work, "chroot", [], ["/bin/true"], []).bundle,
];
const rows = architectures.filter(runsHere).map(({ name }) => {
  const file = join(root, "build/slaves", `vz-${name}`);
  const runch = join(work, name, "runch");
  mkdirSync(join(work, name));
  symlinkSync(file, runch);
  return { name, size: statSync(file).size, runch };
});
const cases = rows.flatMap(({ runch }) =>
  bundles.map((bundle) => ({ words: [runch, "--root", "/run/runch-bench", "start", bundle] })),
);
const figures = measured(work, cases, rounds);

const ms = (us) => (us / 1000).toFixed(2);
const lines = rows.map(({ name, size }, i) => {
  const [mount, chroot] = figures.slice(2 * i);
  const times = [mount, chroot].map(({ min, median }) => `${ms(min)} / ${ms(median)}`);
  return [name, ...times, String(mount.peak), String(Math.ceil(size / 1024))];
});
const heads = ["", "mount namespace", "chroot alone", "peak, kB", "size, KB"];
for (const cells of [heads, heads.map(() => "---"), ...lines])
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
const left = architectures.filter((one) => !runsHere(one)).map(({ name }) => name);
if (left.length > 0)
  process.stdout.write(`left out, since this machine does not run them: ${left.join(", ")}\n`);
