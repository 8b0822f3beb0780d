/**
 * Starts containers of /bin/true in turns with several runners and prints what each start costs; and what stays beside a
 * container that a runner waits for. Called by run.sh with a work folder and, if wanted, the number of rounds (150).
 *
 * Fails when runch costs more than crun in any figure, starts slower than bwrap (minimum), is not below runc by five times,
 * or keeps 150 kB or more to itself while it waits. Minima are what the machine can do, medians what it did meanwhile;
 * compare within one run only.
 */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { executable } from "../machine.mjs";
import { startCases, waitingCases } from "./cases.mjs";
import { measured } from "./measured.mjs";
import { waitingMemory } from "./waiter.mjs";

const [work, roundsText = "150"] = process.argv.slice(2);
const rounds = Number(roundsText);
if (work === undefined || !Number.isInteger(rounds) || rounds < 2) {
  process.stderr.write("usage: bash scripts/bench/run.sh [ROUNDS]\n");
  process.exit(64);
}
/** Figures of one case by name: the label of a column, and how much better than runc the figure has to be. */
const FIGURES = {
  min: { label: "wall min", unit: 1000 },
  p10: { label: "p10", unit: 1000 },
  median: { label: "median", unit: 1000 },
  cpuMin: { label: "cpu min", unit: 1000 },
  cpuMedian: { label: "median", unit: 1000 },
  peak: { label: "peak kB", unit: 1 },
};
const BELOW_RUNC = 5;
const WAITER_KB = 150;

const runch = join(work, "runch");
symlinkSync(executable, runch);
const cases = startCases(work, runch);
const figures = measured(work, cases, rounds);

function say(cells) {
  const [name, ...rest] = cells;
  process.stdout.write(`${name.padEnd(10)}${rest.map((cell) => cell.padStart(10)).join("")}\n`);
}

const faults = [];

function report(profile) {
  const rows = cases
    .map((one, index) => ({ ...one, index }))
    .filter((one) => one.profile === profile)
    .map(({ name, index }) => ({ name, figures: figures[index] }));
  const own = rows.find(({ name }) => name === "runch").figures;
  process.stdout.write(`\n${profile}\n`);
  say(["", ...Object.values(FIGURES).map(({ label }) => label)]);
  for (const row of rows) {
    const cells = Object.entries(FIGURES).map(([key, { unit }]) =>
      (row.figures[key] / unit).toFixed(unit === 1 ? 0 : 2),
    );
    say([row.name, ...cells]);
  }
  for (const { name, figures: others } of rows.slice(1)) {
    say([`  /${name}`, ...Object.keys(FIGURES).map((key) => (own[key] / others[key]).toFixed(2))]);
  }
  for (const { name, figures: others } of rows) {
    for (const [key, { label }] of Object.entries(FIGURES)) {
      const what = `${profile}: ${key === "cpuMedian" ? "cpu median" : label}`;
      if (name === "crun" && own[key] > others[key]) faults.push(`${what} is above crun's`);
      if (name === "runc" && own[key] * BELOW_RUNC > others[key])
        faults.push(`${what} is not below runc's by ${BELOW_RUNC} times`);
      if (name === "bwrap" && key === "min" && own[key] > others[key])
        faults.push(`${what} is above bwrap's`);
    }
  }
}

process.stdout.write(
  `${rounds} interleaved starts of /bin/true each, in milliseconds; runch's part of the others below\n`,
);
for (const profile of new Set(cases.map((one) => one.profile))) report(profile);

process.stdout.write("\nprivate memory of what waits beside a container in a pid namespace\n");
say(["", "kB", "dirty kB", "processes"]);
for (const { name, words } of waitingCases(work, runch)) {
  const { processes, kb, dirty } = await waitingMemory(words);
  say([name, String(kb), String(dirty), String(processes)]);
  if (name === "runch" && kb >= WAITER_KB)
    faults.push(`the waiter keeps ${kb} kB to itself, ${WAITER_KB} or more`);
}
for (const fault of faults) process.stderr.write(`bench: ${fault}\n`);
process.exit(faults.length > 0 ? 1 : 0);
