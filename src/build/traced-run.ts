/** Runs a command under strace, and reads the log through a pipe while it runs. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import * as sys from "vz:sys";
import { hasCode, reason, Status, VzError } from "../common/errors.ts";
import { straceArgv } from "./strace-argv.ts";
import { TraceLog } from "./trace-log.ts";

export interface TracedRun {
  readonly log: TraceLog;
  /** Milliseconds since the epoch. */
  readonly started: number;
  /** Exit status of the command, or the name of the signal that ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** Signals that are meant for the command: they end it, and the trace then ends by itself. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
/** As much as a pipe holds. */
const CHUNK = 1 << 16;
/** A read of more than this finds the next lines there already. */
const FULL = CHUNK / 2;
const PAUSE_MS = 2;

/**
 * @param cwd of this process, a byte string
 * @throws VzError 125 where strace is missing or cannot trace
 */
export async function runTraced(
  command: readonly string[],
  cwd: string,
  seccomp: boolean,
): Promise<TracedRun> {
  const log = new TraceLog(cwd);
  const [readEnd, writeEnd] = sys.pipe();
  // strace opens the pipe by its name in /proc, so that the command inherits no descriptor that it would lack otherwise.
  const [file = "", ...argv] = straceArgv(command, `/proc/${process.pid}/fd/${writeEnd}`, seccomp);
  const reader = new LogReader(readEnd, log);
  const started = Date.now();
  const child = spawn(file, argv, { stdio: "inherit" });
  const forward = (signal: NodeJS.Signals) => forwardSignal(signal, child, log.main);
  for (const signal of FORWARDED) process.on(signal, forward);
  let end: { code: number | null; signal: string | null };
  try {
    end = await endOf(child);
  } finally {
    for (const signal of FORWARDED) process.removeListener(signal, forward);
    sys.close(writeEnd);
    reader.finish();
  }
  log.end();
  return { log, started, ...end };
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

/**
 * Feeds a log with what comes through a pipe. strace writes line by line; between two reads a pause lets lines gather,
 * so that not each of them wakes this process. The pipe holds what strace writes meanwhile, and holds strace when full.
 */
class LogReader {
  readonly #fd: number;
  readonly #log: TraceLog;
  readonly #buffer = new Uint8Array(CHUNK);
  #timer: NodeJS.Timeout | undefined;

  constructor(fd: number, log: TraceLog) {
    this.#fd = fd;
    this.#log = log;
    sys.setNonblock(fd, true);
    this.#wait();
  }

  #wait(): void {
    this.#timer = undefined;
    sys.watch(this.#fd, "r", () => {
      if (this.#read() > FULL) return;
      sys.unwatch(this.#fd, "r");
      this.#timer = setTimeout(() => this.#wait(), PAUSE_MS);
    });
  }

  /** Bytes that were read; 0 at the end, and where there are none now. */
  #read(): number {
    try {
      const count = sys.read(this.#fd, this.#buffer, 0, CHUNK);
      if (count > 0) this.#log.push(sys.latin1Decode(this.#buffer, 0, count));
      return count;
    } catch (error) {
      if (hasCode(error, "EAGAIN")) return 0;
      throw error;
    }
  }

  /** Reads what is left, once no writer is. */
  finish(): void {
    if (this.#timer === undefined) sys.unwatch(this.#fd, "r");
    else clearTimeout(this.#timer);
    while (this.#read() > 0);
    sys.close(this.#fd);
  }
}

/** strace itself holds these signals back while it traces; so they go to the command, or to the daemon it left. */
function forwardSignal(signal: NodeJS.Signals, child: ChildProcess, main: string | undefined): void {
  const fromKeyboard = signal === "SIGINT" || signal === "SIGQUIT";
  // A key goes to the whole foreground group: the command has had it.
  if (fromKeyboard && isForeground()) return;
  const tracer = child.pid;
  if (tracer === undefined) return;
  if (main === undefined) {
    child.kill(signal);
    return;
  }
  for (const pid of targets(tracer, main)) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!hasCode(error, "ESRCH")) throw error;
    }
  }
}

/** The command, or, where it has ended and left others behind, those of them whose parents are not traced. */
function targets(tracer: number, main: string): number[] {
  const traced = (pid: string) => statusOf(pid)?.tracer === tracer;
  if (traced(main)) return [Number(main)];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && traced(name));
  return pids.filter((pid) => !pids.includes(statusOf(pid)?.parent ?? "")).map(Number);
}

function statusOf(pid: string): { tracer: number; parent: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "latin1");
    return {
      tracer: Number(/^TracerPid:\s*(\d+)/m.exec(text)?.[1]),
      parent: /^PPid:\s*(\d+)/m.exec(text)?.[1] ?? "",
    };
  } catch {
    return undefined;
  }
}

/** Whether this process's group is its terminal's foreground group; see proc(5), /proc/pid/stat. */
function isForeground(): boolean {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return group === foreground;
}
