/**
 * What `vz trace` costs beside the plain run and beside strace with the same flags, which writes to a file; and how much
 * memory it takes for a long run. Called by run.sh with a work folder and, if wanted, the number of rounds (25).
 *
 * Every round runs all cases in an order of its own. Ratios are of the runs of one round, so that a load that comes and goes
 * meets both; their medians say what to expect, the ratio of the minima what the program does. CPU is that of all processes.
 *
 * Fails when the ratio of the minima is above a case's limit, or above strace's by over 5 %, or when memory grows.
 */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable } from "../machine.mjs";
import { memoryCases, traceCases } from "./trace-cases.mjs";

const [work, roundsText = "25"] = process.argv.slice(2);
const rounds = Number(roundsText);
if (work === undefined || !Number.isInteger(rounds) || rounds < 2) {
  process.stderr.write("usage: bash scripts/bench/run.sh trace [ROUNDS]\n");
  process.exit(64);
}
/** How much slower than strace alone a traced run may be. */
const BESIDE_STRACE = 1.05;
/** KB by which a run that is ten times as long may differ. */
const GROWTH_KB = 1024;
const POLL_MS = 20;
const vz = executable;
const faults = [];

/** The command line that vz gives to strace, as a program of that name in front of the real one sees it. */
function straceWords(command) {
  const bin = join(work, "bin");
  const words = join(work, "words");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "strace"), `#!/bin/sh\nprintf '%s\\0' "$@" > ${words}\n`);
  chmodSync(join(bin, "strace"), 0o755);
  try {
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    execFileSync(vz, ["trace", "-o", "/dev/null", "/bin/true"], { env, stdio: "ignore" });
  } catch {
    // nothing was traced, of course
  }
  const own = readFileSync(words, "utf8").split("\0").slice(0, -1);
  own[own.indexOf("-o") + 1] = join(work, "log");
  return ["strace", ...own.slice(0, own.indexOf("--") + 1), ...command];
}

function shuffled(items) {
  const left = [...items];
  for (let i = left.length - 1; i > 0; i--) {
    const k = Math.floor(Math.random() * (i + 1));
    [left[i], left[k]] = [left[k], left[i]];
  }
  return left;
}

const cases = traceCases(work);
const runs = cases.flatMap(({ name, words }) => [
  { name, how: "plain", words },
  { name, how: "strace", words: straceWords(words) },
  { name, how: "vz", words: [vz, "trace", "-o", join(work, "spec"), ...words] },
]);
for (const run of runs) Object.assign(run, { wall: [], cpu: [] });
for (let round = 0; round < rounds; round++) {
  const order = shuffled(runs);
  const list = join(work, "cases");
  writeFileSync(list, order.map(({ words }) => `${words.join("\t")}\n`).join(""));
  const text = execFileSync(join(work, "measure"), ["time", "1", list], { encoding: "utf8" });
  for (const line of text.trim().split("\n")) {
    const [index, wall, cpu, status] = line.split(" ").map(Number);
    if (status !== 0) {
      process.stderr.write(`bench: ${order[index].words.join(" ")}: status ${status}\n`);
      process.exit(1);
    }
    order[index].wall.push(wall);
    order[index].cpu.push(cpu);
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const row = (cells) =>
  process.stdout.write(
    `${cells[0].padEnd(12)}${cells
      .slice(1)
      .map((cell) => cell.padStart(9))
      .join("")}\n`,
  );

process.stdout.write(
  `vz trace, ${rounds} rounds; ratios: of the minima, then the median of the rounds' own\n\n`,
);
row(["", "plain ms", "strace", "vz", "/plain", "median", "cpu", "/strace", "median", "cpu"]);
for (const { name, limit } of cases) {
  const [plain, strace, own] = ["plain", "strace", "vz"].map((how) =>
    runs.find((run) => run.name === name && run.how === how),
  );
  const least = (run, what) => Math.min(...run[what]);
  const ratios = (base) => [
    least(own, "wall") / least(base, "wall"),
    median(own.wall.map((wall, i) => wall / base.wall[i])),
    least(own, "cpu") / least(base, "cpu"),
  ];
  const [besidePlain, besideStrace] = [ratios(plain), ratios(strace)];
  const times = [plain, strace, own].map((run) => (least(run, "wall") / 1000).toFixed(1));
  row([name, ...times, ...[...besidePlain, ...besideStrace].map((ratio) => ratio.toFixed(2))]);
  if (limit !== undefined && besidePlain[0] > limit)
    faults.push(`${name}: ${besidePlain[0].toFixed(2)} times the plain run, more than ${limit}`);
  if (besideStrace[0] > BESIDE_STRACE)
    faults.push(`${name}: ${besideStrace[0].toFixed(2)} times strace alone, more than ${BESIDE_STRACE}`);
}

/** Peak of the tracer's own memory (VmHWM) in KB. */
function peakOf(words) {
  return new Promise((done) => {
    const child = spawn(vz, ["trace", "-o", join(work, "spec"), ...words], { cwd: work, stdio: "ignore" });
    let peak = 0;
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
        peak = Math.max(peak, Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0));
      } catch {
        // it has ended
      }
    }, POLL_MS);
    child.on("close", () => {
      clearInterval(timer);
      done(peak);
    });
  });
}

process.stdout.write("\npeak memory of vz, kB\n");
row(["", "10,000", "100,000"]);
for (const { name, wordsFor } of memoryCases()) {
  const [few, many] = [await peakOf(wordsFor(10_000)), await peakOf(wordsFor(100_000))];
  row([name, String(few), String(many)]);
  if (many > few + GROWTH_KB) faults.push(`${name}: memory grew from ${few} to ${many} kB`);
}
for (const fault of faults) process.stderr.write(`bench: ${fault}\n`);
process.exit(faults.length > 0 ? 1 : 0);
