/** Runs a command under strace, and reads the log through a pipe while it runs. */
import { type ChildProcess, spawn } from "node:child_process";
import * as sys from "vz:sys";
import { hasCode, reason, Status, VzError } from "../common/errors.ts";
import { fromFs, toFs } from "./names.ts";
import { type Outcome, type StopPlan, Stopper } from "./stop.ts";
import { straceArgv } from "./strace-argv.ts";
import { TraceLog } from "./trace-log.ts";
import { LogReader } from "./trace-reader.ts";
import { isForeground, signalAll, targets, tracedBy } from "./traced-processes.ts";

export interface TracedRun {
  readonly log: TraceLog;
  /** Milliseconds since the epoch. */
  readonly started: number;
  /** Whether strace's filter was in use, which takes setuid programs' rights away. */
  readonly seccomp: boolean;
  /** Exit status of the command, or the name of the signal that ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** What came of `--for` and `--until`. */
  readonly outcome: Outcome;
  /** Signals that were sent to this process and meant for the command. */
  readonly forwarded: ReadonlySet<string>;
}

/** Signals that are meant for the command: they end it, and the trace then ends by itself. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
/** How long a signal waits for a command that has not started yet. */
const EARLY_MS = 20;

/**
 * @param cwd of this process, a byte string
 * @param say tells the operator a line
 * @throws VzError 125 where strace is missing or cannot trace
 */
export async function runTraced(
  command: readonly string[],
  cwd: string,
  seccomp: boolean,
  plan: StopPlan = { seconds: undefined, until: undefined },
  say: (line: string) => void = () => {},
): Promise<TracedRun> {
  const log = new TraceLog(cwd, realOnDisk);
  const [readEnd, writeEnd] = sys.pipe();
  // strace opens the pipe by its name in /proc, so that the command inherits no descriptor that it would lack otherwise.
  const [file = "", ...argv] = straceArgv(command, `/proc/${process.pid}/fd/${writeEnd}`, seccomp);
  const reader = new LogReader(readEnd, (lines) => log.push(lines));
  const started = Date.now();
  const child = spawn(file, argv, { stdio: "inherit" });
  const forwarded = new Set<string>();
  const forward = (signal: NodeJS.Signals) => {
    forwarded.add(signal);
    forwardSignal(signal, child, log);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  const tracer = () => child.pid ?? 0;
  const stopper = new Stopper(plan, {
    targets: () => (log.main === undefined ? [] : targets(tracer(), log.main)),
    all: () => tracedBy(tracer()).map(({ pid }) => pid),
    say,
  });
  let end: { code: number | null; signal: string | null };
  try {
    end = await endOf(child);
  } finally {
    stopper.end();
    for (const signal of FORWARDED) process.removeListener(signal, forward);
    sys.close(writeEnd);
    reader.finish();
  }
  log.end();
  return { log, started, seccomp, ...end, outcome: stopper.outcome, forwarded };
}

function realOnDisk(path: string): string | undefined {
  try {
    return fromFs(sys.realpath(toFs(path)));
  } catch {
    return undefined;
  }
}

function endOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => {
      if (!hasCode(cause, "ENOENT"))
        reject(new VzError(Status.runnerFailed, `strace: ${reason(cause)}`, { cause }));
      else {
        const hint = "install it: apt-get install strace";
        reject(new VzError(Status.runnerFailed, "strace: not installed", { cause, hint }));
      }
    });
    child.on("exit", (code, signal) => resolve({ code, signal }));
  });
}

/** strace itself holds these signals back while it traces; so they go to the command, or to the daemon it left. */
function forwardSignal(signal: NodeJS.Signals, child: ChildProcess, log: TraceLog): void {
  const fromKeyboard = signal === "SIGINT" || signal === "SIGQUIT";
  // A key goes to the whole foreground group: the command has had it.
  if (fromKeyboard && isForeground()) return;
  const tracer = child.pid;
  if (tracer === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (log.main !== undefined) signalAll(targets(tracer, log.main), signal);
  else setTimeout(() => forwardSignal(signal, child, log), EARLY_MS);
}
