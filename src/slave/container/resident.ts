/**
 * The memory that a process holds. The figures of /proc/PID/stat and status are a handful of pages for a small program: before
 * Linux 6.2 each thread adds up to 64 page faults by itself before it tells them (proc(5): "inaccurate"). smaps counts the pages.
 */

import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";
import type { ProcStat } from "../../common/proc-stat.ts";
import { readTextIfAny } from "../system/files.ts";

/** Bytes that /proc/PID/smaps tells, of each mapping, or smaps_rollup, of all; undefined where it tells of none. */
export function parseResident(smaps: string): number | undefined {
  const found = [...smaps.matchAll(/^Rss: +([0-9]+) kB$/gm)];
  return found.length === 0
    ? undefined
    : found.reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}

export function residentBytes({ pid, rss }: ProcStat): number {
  // The sum comes with Linux 4.14; a kernel may be built without both.
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
