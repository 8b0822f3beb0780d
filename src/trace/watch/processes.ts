/** The processes under a tracer, found in /proc, and signals to them. */
import { readdirSync, readFileSync } from "node:fs";
import { hasCode } from "../../common/errors.ts";
import { parseProcStat } from "../../common/proc-stat.ts";

interface Process {
  readonly pid: number;
  readonly parent: number;
}

function statusOf(pid: string): { tracer: number; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "latin1");
    return {
      tracer: Number(/^TracerPid:\s*(\d+)/m.exec(text)?.[1]),
      parent: Number(/^PPid:\s*(\d+)/m.exec(text)?.[1]),
    };
  } catch {
    return undefined;
  }
}

/** All processes that `tracer` traces. */
export function tracedBy(tracer: number): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    const status = /^\d+$/.test(name) ? statusOf(name) : undefined;
    return status?.tracer === tracer ? [{ pid: Number(name), parent: status.parent }] : [];
  });
}

/** The command; where it has ended and left others behind, those of them whose parents are not traced. */
export function targets(tracer: number, main: string): number[] {
  if (statusOf(main)?.tracer === tracer) return [Number(main)];
  const all = tracedBy(tracer);
  const pids = new Set(all.map(({ pid }) => pid));
  return all.filter(({ parent }) => !pids.has(parent)).map(({ pid }) => pid);
}

/** Sends a signal to processes, some of which may have ended. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!hasCode(error, "ESRCH")) throw error;
    }
  }
}

/** Whether this process's group is its terminal's foreground group; see proc(5), /proc/pid/stat. */
export function isForeground(): boolean {
  const stat = parseProcStat(readFileSync("/proc/self/stat", "latin1"));
  return stat !== null && stat.group === stat.foreground;
}
