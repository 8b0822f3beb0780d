/** What processes themselves can tell (proc(5)), for a container without cgroups. Those that have ended are not in it. */
import * as sys from "vz:sys";
import { type ProcStat, parseProcStat } from "../../../common/proc-stat.ts";
import { readTextIfAny } from "../../system/files.ts";
import type { Figures } from "./stats.ts";

/** Nanoseconds in a tick of USER_HZ. */
const TICK = 10_000_000;

export function statsOfProcesses(pids: readonly number[]): Figures {
  const stats = pids
    .map((pid) => parseProcStat(readTextIfAny(`/proc/${pid}/stat`) ?? ""))
    .filter((stat) => stat !== null);
  if (stats.length === 0) return {};
  const sum = (of: (stat: ProcStat) => number) => stats.reduce((total, stat) => total + of(stat), 0);
  const user = sum((stat) => stat.user + stat.childrenUser) * TICK;
  const kernel = sum((stat) => stat.kernel + stat.childrenKernel) * TICK;
  const rss = sum((stat) => stat.rss) * sys.pageSize();
  return {
    cpu: { usage: { total: user + kernel, kernel, user }, throttling: {} },
    memory: { usage: { usage: rss }, raw: {} },
    pids: { current: stats.length },
  };
}
