/** `--for SECONDS` and `--until CMD` of `vz trace`: when to stop a daemon that does not end by itself, and how. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Args, Option } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { signalAll } from "./processes.ts";

export interface StopPlan {
  /** Seconds after which the run is stopped; with `until`, after which it has failed. */
  readonly seconds: number | undefined;
  /** Command of the shell; once it exits with 0, the run is stopped. */
  readonly until: string | undefined;
}

/** The running trace as far as it can be stopped. */
export interface Stoppable {
  /** Processes that are to be told to end; none where the command has not started yet. */
  targets(): number[];
  /** All processes that are traced. */
  all(): number[];
  /** A line for the operator. */
  say(line: string): void;
}

/** What came of the plan: nothing yet, the run was stopped as planned, or `until` never succeeded in time. */
export type Outcome = "none" | "stopped" | "late";

export const STOP_OPTIONS: readonly Option[] = [
  { name: "for", value: "SECONDS", help: "stop CMD then: TERM, and 10 s later KILL" },
  {
    name: "until",
    value: "CHECK",
    help: "stop CMD once this command of the shell succeeds; with --for, fail (124) where it has not by then",
  },
];

/** Signals that end a daemon because it was asked to end; a shell tells them as 128 + signal. */
const STOPPING = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** Whether a command with this exit status is a daemon that was stopped, by us or by itself. */
export function wasStopped({ forwarded }: { forwarded: ReadonlySet<string> }, status: number): boolean {
  return [...STOPPING, ...forwarded].some((name) => status === signalStatus(name));
}

/** Exit status of what a signal ended, as a shell has it. @param name "SIGTERM" */
export function signalStatus(name: string): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[name] ?? 0);
}

const LONGEST_SECONDS = 1_000_000;
/** Seconds that the run has after TERM. */
const GRACE_SECONDS = 10;
/** How often to look for processes that a parent left behind when it ended on TERM: they get it as well. */
const AGAIN_MS = 200;
const FIRST_TRY_MS = 100;
const LAST_TRY_MS = 1000;

/** @throws VzError 64 */
export function stopPlan(args: Args): StopPlan {
  const text = args.value("for");
  const until = args.value("until");
  const seconds = text === undefined ? undefined : Number(text);
  if (text !== undefined && !(/^\d*\.?\d+$/.test(text) && Number(text) <= LONGEST_SECONDS)) {
    const hint = `a number up to ${LONGEST_SECONDS}, as 10 or 0.5`;
    throw new VzError(Status.usage, `vz trace: --for ${text}: no number of seconds`, { hint });
  }
  if (until !== undefined && until.trim() === "")
    throw new VzError(Status.usage, "vz trace: --until: an empty command");
  return { seconds, until };
}

/** Follows a plan beside a run; `end` must be called when the run has ended. */
export class Stopper {
  outcome: Outcome = "none";
  readonly #run: Stoppable;
  readonly #plan: StopPlan;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #told = new Set<number>();
  #check: ChildProcess | undefined;
  #ended = false;

  constructor(plan: StopPlan, run: Stoppable) {
    this.#plan = plan;
    this.#run = run;
    const { seconds, until } = plan;
    if (seconds !== undefined)
      this.#after(seconds * 1000, () => this.#stop(until === undefined ? "stopped" : "late"));
    if (until !== undefined) this.#try(until, FIRST_TRY_MS);
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  #try(until: string, pause: number): void {
    this.#after(pause, () => {
      // In a session of its own: so it can be ended with all that it started, and no key of the terminal reaches it.
      const check = spawn("/bin/sh", ["-c", until], { stdio: "ignore", detached: true });
      this.#check = check;
      check.on("error", (cause) => {
        throw new VzError(Status.runnerFailed, "/bin/sh: cannot be run for --until", { cause });
      });
      check.on("exit", (code) => {
        this.#check = undefined;
        if (this.#ended || this.outcome !== "none") return;
        if (code === 0) this.#stop("stopped");
        else this.#try(until, Math.min(pause * 1.5, LAST_TRY_MS));
      });
    });
  }

  #stop(outcome: Outcome): void {
    if (this.outcome !== "none") return;
    this.outcome = outcome;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#endCheck();
    if (outcome === "late")
      this.#run.say(`--until did not succeed within ${this.#plan.seconds} s: the run is stopped`);
    this.#tell();
    this.#after(GRACE_SECONDS * 1000, () => {
      this.#run.say(`still running ${GRACE_SECONDS} s after TERM: killed`);
      signalAll(this.#run.all(), "SIGKILL");
    });
  }

  #tell(): void {
    const fresh = this.#run.targets().filter((pid) => !this.#told.has(pid));
    for (const pid of fresh) this.#told.add(pid);
    signalAll(fresh, "SIGTERM");
    this.#after(AGAIN_MS, () => this.#tell());
  }

  #endCheck(): void {
    const pid = this.#check?.pid;
    if (pid !== undefined) signalAll([-pid], "SIGKILL");
  }

  /** The run has ended, by whatever cause. */
  end(): void {
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#endCheck();
    if (this.#plan.until !== undefined && this.outcome === "none")
      this.#run.say("the command ended before --until succeeded");
  }
}
