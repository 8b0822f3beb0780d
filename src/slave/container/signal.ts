/** Ends processes. */
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../common/errors.ts";
import type { ProcStat } from "../../common/proc-stat.ts";

const POLL_MS = 25;

/** Signals each process, or the whole group that it leads, so that children that are not listed get the signal too. */
export function signalAll(processes: readonly ProcStat[], signal: "SIGTERM" | "SIGKILL"): void {
  for (const { pid, group } of processes) {
    try {
      process.kill(group === pid ? -pid : pid, signal);
    } catch (error) {
      if (!hasCode(error, "ESRCH")) throw error;
    }
  }
}

/** Waits until `check` holds, for at most `ms`. @returns whether it came to hold */
export async function waitFor(check: () => boolean, ms: number): Promise<boolean> {
  for (let waited = 0; !check(); waited += POLL_MS) {
    if (waited >= ms) return false;
    await sleep(POLL_MS);
  }
  return true;
}
