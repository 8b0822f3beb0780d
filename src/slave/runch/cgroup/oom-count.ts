/** How many processes of a container the kernel killed for want of memory. */

import { keyed, readControl } from "./control-files.ts";
import { cgroupTree, isCgroup } from "./tree.ts";

/** The count in one file; null where the kernel does not keep it. */
export function oomKills(text: string | null): number | null {
  const count = keyed(text).get("oom_kill");
  return count === undefined ? null : Number(count);
}

/**
 * The count since the cgroup was made, with its sub-cgroups: memory.events of version 2 includes them, memory.oom_control of
 * version 1 does not.
 * @returns null where it cannot be known: no memory controller, or version 1 before Linux 4.13
 */
export function oomCount(directories: readonly string[]): number | null {
  let total: number | null = null;
  for (const directory of directories.filter(isCgroup)) {
    const whole = oomKills(readControl(`${directory}/memory.events`));
    if (whole !== null) return whole;
    if (readControl(`${directory}/memory.oom_control`) === null) continue;
    for (const one of cgroupTree(directory)) {
      const count = oomKills(readControl(`${one}/memory.oom_control`));
      if (count !== null) total = (total ?? 0) + count;
    }
  }
  return total;
}
