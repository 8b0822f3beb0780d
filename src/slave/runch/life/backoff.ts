/**
 * How long a container that ended early has to wait before its next run. sysvinit gives up for five minutes on a line that
 * it started ten times within two; with these pauses it is at most eight.
 */
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";

/** A run of this many milliseconds is no failure. */
const LONG_RUN = 60_000;
const LONGEST_PAUSE = 60;

export interface NextRun {
  readonly restarts: number;
  /** Short runs in a row. */
  readonly quick: number;
  /** Seconds. */
  readonly pause: number;
}

/**
 * @param last what is known of the last run, null before the first
 * @param now milliseconds since 1970
 */
export function nextRun(last: ContainerStateFile | null, now: number, backoff: boolean): NextRun {
  if (last === null) return { restarts: 0, quick: 0, pause: 0 };
  // a run that never came to its start (killed in its pause) counts as short; so does one from before the clock went back
  const lived = now - Date.parse(last.started);
  const quick = lived >= LONG_RUN ? 0 : last.quick + 1;
  return { restarts: last.restarts + 1, quick, pause: backoff ? pauseAfter(quick) : 0 };
}

/** 0, then 1, 2, 4 … 60 seconds. */
export function pauseAfter(quick: number): number {
  return quick === 0 ? 0 : Math.min(LONGEST_PAUSE, 2 ** Math.min(quick - 1, 10));
}
