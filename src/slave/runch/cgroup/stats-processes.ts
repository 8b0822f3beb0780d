/** What processes themselves can tell (proc(5)), for a container without cgroups. Those that have ended are not in it. */
import * as sys from "vz:sys";
import { readTextIfAny } from "../../system/files.ts";
import type { Figures } from "./stats.ts";

/** Nanoseconds in a tick of USER_HZ. */
const TICK = 10_000_000;

/** Of /proc/PID/stat: ticks, those of children that it waited for included, and resident pages. */
export function parseUse(stat: string): { user: number; kernel: number; rss: number } | null {
  // behind the name, which may hold anything: state is field 3 of proc(5)
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  const [user, kernel, rss] = [field(14) + field(16), field(15) + field(17), field(24)];
  return Number.isFinite(user + kernel + rss) ? { user, kernel, rss } : null;
}

export function statsOfProcesses(pids: readonly number[]): Figures {
  const uses = pids
    .map((pid) => parseUse(readTextIfAny(`/proc/${pid}/stat`) ?? ""))
    .filter((use) => use !== null);
  if (uses.length === 0) return {};
  const sum = (key: "user" | "kernel" | "rss") => uses.reduce((total, use) => total + use[key], 0);
  const [user, kernel, rss] = [sum("user") * TICK, sum("kernel") * TICK, sum("rss") * sys.pageSize()];
  return {
    cpu: { usage: { total: user + kernel, kernel, user }, throttling: {} },
    memory: { usage: { usage: rss }, raw: {} },
    pids: { current: uses.length },
  };
}
