/** Has measure.c run cases in turns. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

function figuresOf(own, peak) {
  const sorted = (column) => own.map((row) => row[column]).sort((a, b) => a - b);
  const [wall, cpu] = [sorted(1), sorted(2)];
  const at = (part) => Math.floor(own.length * part);
  return {
    min: wall[0],
    p10: wall[at(0.1)],
    median: wall[at(0.5)],
    cpuMin: cpu[0],
    cpuMedian: cpu[at(0.5)],
    peak,
  };
}

/**
 * What each case costs, in their order: wall clock and CPU in microseconds, and the peak of memory (VmHWM) of its largest process
 * in kB, the program in the container not counted. Ends the process when a case fails.
 * @param work folder with the compiled measure.c
 * @param {{ words: string[] }[]} cases
 */
export function measured(work, cases, rounds) {
  const list = join(work, "cases");
  writeFileSync(list, cases.map(({ words }) => `${words.join("\t")}\n`).join(""));
  const measure = (...args) => {
    const text = execFileSync(join(work, "measure"), [...args, list], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      maxBuffer: 2 ** 26,
    });
    return text
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
  };
  const runs = measure("time", String(rounds)).map((row) => row.map(Number));
  for (const [index, , , status] of runs) {
    if (status === 0) continue;
    process.stderr.write(`bench: ${cases[index].words.join(" ")}: status ${status}\n`);
    process.exit(1);
  }
  const peaks = new Map(measure("peak", "busybox").map(([index, kb]) => [Number(index), Number(kb)]));
  return cases.map((_, i) =>
    figuresOf(
      runs.filter(([index]) => index === i),
      peaks.get(i),
    ),
  );
}
