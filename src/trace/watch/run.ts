/** Runs a command under strace, and reads the log through a pipe while it runs. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import * as sys from "vz:sys";
import { fromFs, toFs } from "../../common/byte-strings.ts";
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";
import { TraceLog } from "./log.ts";
import { isForeground, signalAll, targets, tracedBy } from "./processes.ts";
import { LogReader } from "./reader.ts";
import { type Outcome, type StopPlan, Stopper } from "./stop.ts";
import { straceArgv } from "./strace-argv.ts";

/** What came of a run under strace. */
export interface StraceEnd {
  /** Milliseconds since the epoch. */
  readonly started: number;
  /**
   * The same moment in seconds by the clock of files, which lags behind the other by some milliseconds, by more on a busy
   * machine: files that the run makes are younger.
   */
  readonly fileTime: number;
  readonly ended: number;
  /** Exit status of the command, or the name of the signal that ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** What came of `--for` and `--until`. */
  readonly outcome: Outcome;
  /** Signals that were sent to this process and meant for the command. */
  readonly forwarded: ReadonlySet<string>;
}

export interface TracedRun extends StraceEnd {
  readonly log: TraceLog;
  /** Whether strace's filter was in use, which takes setuid programs' rights away. */
  readonly seccomp: boolean;
}

/** A run under strace, and what reads its log. */
export interface StraceRun {
  /** strace's command line. @param log file that it is to write */
  argv(log: string): string[];
  take(lines: readonly string[]): void;
  /** Called when there are no more lines for now. */
  pause?(): void;
  /** Process id of the command itself, once it was executed. */
  main(): string | undefined;
  readonly plan: StopPlan;
  /** Tells the operator a line. */
  say(line: string): void;
  /** Where the command's standard streams lead; undefined for those of this process. */
  readonly streams: Streams | undefined;
}

export interface Streams {
  readonly stdio: StdioOptions;
  /** Called once the process is there. */
  follow(child: ChildProcess): void;
}

/** Signals that are meant for the command: they end it, and the trace then ends by itself. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
/** Size of the pipe, which holds up strace when full: the largest that a user other than root may have (pipe(7)). */
const PIPE_BYTES = 1 << 20;
/** Milliseconds that a signal waits for a command that has not started yet. */
const EARLY_MS = 20;

/**
 * @param cwd of this process, a byte string
 * @param say tells the operator a line
 * @param ahead called when nothing is to be read for now
 * @throws VzError 125 where strace is missing or cannot trace
 */
export async function runTraced(
  command: readonly string[],
  cwd: string,
  seccomp: boolean,
  plan: StopPlan = { seconds: undefined, until: undefined },
  say: (line: string) => void = () => {},
  streams?: Streams,
  ahead: (log: TraceLog) => void = () => {},
): Promise<TracedRun> {
  const log = new TraceLog(cwd, realOnDisk);
  const end = await underStrace({
    argv: (file) => straceArgv(command, file, seccomp),
    take: (lines) => log.push(lines),
    pause: () => ahead(log),
    main: () => log.main,
    plan,
    say,
    streams,
  });
  log.end();
  return { log, seccomp, ...end };
}

/** @throws VzError 125 where strace is missing */
export async function underStrace(run: StraceRun): Promise<StraceEnd> {
  const [readEnd, writeEnd] = sys.pipe(PIPE_BYTES);
  // strace opens the pipe by its name in /proc, so that the command inherits no descriptor that it would lack otherwise.
  const [file = "", ...argv] = run.argv(`/proc/${process.pid}/fd/${writeEnd}`);
  const reader = new LogReader(
    readEnd,
    (lines) => run.take(lines),
    () => run.pause?.(),
  );
  const started = Date.now();
  // a pipe, too, is a file that was just made
  const fileTime = sys.fstat(readEnd).mtime;
  const child = spawn(file, argv, { stdio: run.streams?.stdio ?? "inherit" });
  run.streams?.follow(child);
  const forwarded = new Set<string>();
  const forward = (signal: NodeJS.Signals) => {
    forwarded.add(signal);
    forwardSignal(signal, child, run.main);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  const tracer = () => child.pid ?? 0;
  const stopper = new Stopper(run.plan, {
    targets: () => {
      const main = run.main();
      return main === undefined ? [] : targets(tracer(), main);
    },
    all: () => tracedBy(tracer()).map(({ pid }) => pid),
    say: (line) => run.say(line),
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
  return { started, fileTime, ended: Date.now(), ...end, outcome: stopper.outcome, forwarded };
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
    // "close" comes when pipes to the command, where there are any, have been read to their ends
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}

/** strace itself holds these signals back while it traces; so they go to the command, or to the daemon it left. */
function forwardSignal(signal: NodeJS.Signals, child: ChildProcess, main: () => string | undefined): void {
  const fromKeyboard = signal === "SIGINT" || signal === "SIGQUIT";
  // A key goes to the whole foreground group: the command has had it.
  if (fromKeyboard && isForeground()) return;
  const tracer = child.pid;
  if (tracer === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const command = main();
  if (command !== undefined) signalAll(targets(tracer, command), signal);
  else setTimeout(() => forwardSignal(signal, child, main), EARLY_MS);
}
