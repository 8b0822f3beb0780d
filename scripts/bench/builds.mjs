/**
 * This build's slave part beside another build's, in turns: the start of a container, one that is run and ended, a verb of vzexec, and
 * the version. Prints what each costs and this build's part of the other's. Called by run.sh with a work folder, the other
 * build's slave part (build/slaves/vz-… of its tree) and, if wanted, the number of rounds (150).
 */
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "../build/base-target.mjs";
import { architecture } from "../machine.mjs";
import { makeBundle } from "./cases.mjs";
import { measured } from "./measured.mjs";

const [work, other = "", roundsText = "150"] = process.argv.slice(2);
const rounds = Number(roundsText);
if (work === undefined || !existsSync(other) || !Number.isInteger(rounds) || rounds < 2) {
  process.stderr.write("usage: bash scripts/bench/run.sh builds OTHER-SLAVE-PART [ROUNDS]\n");
  process.exit(64);
}

const own = join(root, "build/slaves", `vz-${architecture.name}`);
const { bundle } = makeBundle(work, "mount", ["mount"], ["/bin/true"]);
const namespaces = ["pid", "ipc", "uts", "mount"];
const full = makeBundle(work, "full", namespaces, ["/bin/true"]);

function casesOf(name, program) {
  const folder = join(work, name);
  mkdirSync(folder);
  for (const link of ["runch", "vzexec"]) symlinkSync(resolve(program), join(folder, link));
  const runch = [join(folder, "runch"), "--root", "/run/runch-bench"];
  return {
    "runch start BUNDLE-DIR": [...runch, "start", bundle],
    "runch run": [...runch, "run", "-b", full.bundle, "builds"],
    "vzexec ps": [join(folder, "vzexec"), "ps"],
    "runch --version": [join(folder, "runch"), "--version"],
  };
}

const [ours, theirs] = [casesOf("this", own), casesOf("other", other)];
const names = Object.keys(ours);
const words = names.flatMap((name) => [{ words: ours[name] }, { words: theirs[name] }]);
const figures = measured(work, words, rounds);
const ms = (us) => (us / 1000).toFixed(2);
process.stdout.write(
  `${rounds} rounds in turns: wall clock and CPU in milliseconds, the peak of memory in kB\n`,
);
names.forEach((name, i) => {
  const [here, there] = figures.slice(2 * i, 2 * i + 2);
  const part = (key) => (here[key] / there[key]).toFixed(2);
  process.stdout.write(
    `${name.padEnd(24)} min ${ms(here.min)} / ${ms(there.min)} = ${part("min")}   p10 ${part("p10")}   ` +
      `CPU ${ms(here.cpuMin)} / ${ms(there.cpuMin)} = ${part("cpuMin")}   peak ${here.peak} / ${there.peak} = ${part("peak")}\n`,
  );
});
