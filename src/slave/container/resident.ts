/**
 * The memory that a process holds. /proc/PID/stat and status show only a handful of pages for a small program: before Linux 6.2
 * each thread keeps up to 64 page faults to itself before it adds them (proc(5): "inaccurate"). smaps counts the pages.
 */

import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";
import type { ProcStat } from "../../common/proc-stat.ts";
import { readTextIfAny } from "../system/files.ts";

/** Resident bytes by /proc/PID/smaps (a figure for each mapping) or smaps_rollup (one for all); undefined where there is none. */
export function parseResident(smaps: string): number | undefined {
  const found = [...smaps.matchAll(/^Rss: +([0-9]+) kB$/gm)];
  return found.length === 0
    ? undefined
    : found.reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}

export function residentBytes({ pid, rss }: ProcStat): number {
  // smaps_rollup is there since Linux 4.14; a kernel may be built without either file.
  const smaps = readIfAllowed(`/proc/${pid}/smaps_rollup`) ?? readIfAllowed(`/proc/${pid}/smaps`);
  return (smaps === null ? undefined : parseResident(smaps)) ?? rss * sys.pageSize();
}

function readIfAllowed(file: string): string | null {
  try {
    return readTextIfAny(file);
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM")) return null;
    throw error;
  }
}
