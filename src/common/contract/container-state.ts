/**
 * What `runch` remembers of a container: STATE_DIR/ID/state.json. No process of ours stays beside a container, so the file
 * tells what was true when the container's process was started; whether that process still lives is read from /proc
 * (`statusOf`). Removing the directory makes the next `runch start BUNDLE-DIR` the first: `restarts` and the back-off
 * begin anew.
 */
import { hasEnded, parseProcStat } from "../proc-stat.ts";

/**
 * - creating: being set up
 * - created: set up by `create`, waits for `start`
 * - running: the container's program was executed (or is about to be, within a millisecond)
 * - restarting: its last run was short; waits before the next
 * - failed: it could not be started; `reason` says why
 * - stopped: never in the file: the process has ended
 */
export type RunStatus = "creating" | "created" | "running" | "restarting" | "failed" | "stopped";

export interface ContainerStateFile {
  readonly version: 1;
  readonly id: string;
  readonly bundle: string;
  readonly rootfs: string;
  readonly status: RunStatus;
  /** The container's first process, or runch before it becomes that process; 0 where there is none. */
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, clock ticks since boot: with `pid` and `boot` it names one process for all time. */
  readonly starttime: number;
  /** /proc/sys/kernel/random/boot_id, "" where there is none. */
  readonly boot: string;
  /** ISO 8601 UTC: when the first run began. */
  readonly created: string;
  /** ISO 8601 UTC: when this run began, after any back-off. */
  readonly started: string;
  /** Runs after the first. */
  readonly restarts: number;
  /** How many runs in a row were short: the exponent of the back-off. */
  readonly quick: number;
  /** Whether short runs are slowed down (annotation vz.backoff). */
  readonly backoff: boolean;
  /** Why it could not be started last time ("cannot start: …"), or null. */
  readonly reason: string | null;
  /** The status that runch ended with for that `reason`: 125 to 127. */
  readonly exitStatus?: number | undefined;
  /**
   * Null where the container has a mount namespace of its own. Otherwise its mounts stand in the machine's and outlive
   * its process; the list names the mounts at and below `rootfs` that were there before it.
   */
  readonly hostMounts: readonly string[] | null;
  readonly ociVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Directories of its cgroups, written down before they are made. */
  readonly cgroups?: readonly string[] | undefined;
  /** Its own namespaces as /proc/PID/ns shows them ("pid:[4026531836]"), so that its processes are known when it has ended. */
  readonly pidNamespace?: string | undefined;
  readonly mountNamespace?: string | undefined;
  /** Whether it has hooks for after its start or its end; they are in the copy of config.json beside this file. */
  readonly hooks?: boolean | undefined;
  /** Id of the user who made it. */
  readonly owner?: number | undefined;
}

/** Reads state.json; null unless it is a whole file of ours (one that is just being written is not). */
export function parseState(text: string): ContainerStateFile | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const whole =
    typeof value === "object" &&
    value !== null &&
    "version" in value &&
    value.version === 1 &&
    "id" in value &&
    typeof value.id === "string" &&
    "pid" in value &&
    typeof value.pid === "number" &&
    "annotations" in value;
  // written whole by formatState, under a name that no one else writes
  return whole ? (value as ContainerStateFile) : null;
}

export function formatState(state: ContainerStateFile): string {
  return `${JSON.stringify(state)}\n`;
}

/**
 * What the container is doing now.
 * @param stat /proc/PID/stat of `state.pid`, or null where there is no such process
 * @param boot this boot's id, "" where unknown
 */
export function statusOf(state: ContainerStateFile, stat: string | null, boot: string): RunStatus {
  const process = stat === null ? null : parseProcStat(stat);
  const same = process !== null && process.starttime === state.starttime && state.boot === boot;
  if (same && !hasEnded(process)) return state.status;
  return state.status === "failed" ? "failed" : "stopped";
}
