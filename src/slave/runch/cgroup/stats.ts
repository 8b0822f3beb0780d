/**
 * What a container has used, under the names that `runc events --stats` prints. Nanoseconds and bytes. Which of the parts are
 * there depends on the controllers.
 */

import { readControl } from "./control-files.ts";
import { statsOfProcesses } from "./stats-processes.ts";
import { type Read, statsV1 } from "./stats-v1.ts";
import { statsV2 } from "./stats-v2.ts";
import { isCgroup } from "./tree.ts";

/** A number, or a BigInt where a double would not be exact. */
export type Figure = number | bigint;
export type Figures = {
  readonly [name: string]: Figure | Figures | readonly Figure[] | readonly Figures[] | string;
};
/** cpu, cpuset, memory, pids, blkio, hugetlb. */
export type Stats = Figures;

/** Reads a control file in whichever of the container's cgroups has it; `place` is the one of version 2. */
function reader(directories: readonly string[]): { read: Read; place: string | undefined } {
  const known = directories.filter(isCgroup);
  const second = known.find((directory) => readControl(`${directory}/cgroup.controllers`) !== null);
  const read = (file: string) => {
    for (const directory of known) {
      const text = readControl(`${directory}/${file}`);
      if (text !== null) return text;
    }
    return null;
  };
  return { read, place: second };
}

/**
 * @param directories cgroups of the container
 * @param pids its processes, which stand in for what no cgroup counts
 */
export function statsOf(directories: readonly string[], pids: readonly number[]): Stats {
  const { read, place } = reader(directories);
  const second = place === undefined ? {} : statsV2((file) => readControl(`${place}/${file}`));
  // where a machine has both, version 1 has the controllers; but version 2 has a cpu.stat in any case
  const counted = { ...second, ...statsV1(read) };
  const isWhole = ["cpu", "memory", "pids"].every((part) => part in counted);
  return isWhole ? counted : { ...statsOfProcesses(pids), ...counted };
}

/** JSON with BigInts as plain numbers, which JSON.stringify cannot write. */
export function statsJson(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(statsJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${statsJson(one)}`).join(",")}}`;
}
