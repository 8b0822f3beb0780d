/** `node:child_process`: spawn, spawnSync, execFileSync. No shell. */
import * as sys from "vz:sys";
import { Buffer } from "./buffer.ts";
import { EventEmitter } from "./events.ts";
import { codedError, unsupported } from "./lib/errors.ts";
import { FdReadable, FdWritable } from "./lib/fd-streams.ts";

type Stdio = "pipe" | "inherit" | "ignore" | number | null | undefined | { fd: number };

interface CommonOptions {
  cwd?: string | undefined;
  env?: Readonly<Record<string, string | undefined>>;
  argv0?: string;
  stdio?: Stdio | readonly Stdio[];
  uid?: number;
  gid?: number;
  shell?: false;
  /** Milliseconds until `killSignal` is sent. */
  timeout?: number;
  killSignal?: string | number;
}

export interface SpawnOptions extends CommonOptions {
  detached?: boolean;
}

const OPTIONS = new Set([
  "cwd",
  "env",
  "argv0",
  "stdio",
  "uid",
  "gid",
  "shell",
  "timeout",
  "killSignal",
  "detached",
  "input",
  "encoding",
  "maxBuffer",
  "windowsHide",
]);

function check(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && (!OPTIONS.has(name) || (name === "shell" && value !== false))) {
      throw unsupported(`child_process option ${name}`);
    }
  }
}

function environment(env: Readonly<Record<string, string | undefined>> = process.env): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

const signalNumber = (signal: string | number): number => {
  const number = typeof signal === "number" ? signal : sys.signals[signal];
  if (number === undefined)
    throw codedError(new TypeError(`Unknown signal: ${signal}`), "ERR_UNKNOWN_SIGNAL");
  return number;
};

const signalName = (number: number): string | null =>
  Object.entries(sys.signals).find(([, value]) => value === number)?.[0] ?? null;

/** Descriptors for the child, and our ends of its pipes (-1 where there is none). */
function plumb(stdio: Stdio | readonly Stdio[] = "pipe"): {
  child: number[];
  ours: number[];
  theirs: number[];
} {
  const list = Array.isArray(stdio)
    ? [...(stdio as Stdio[])]
    : [stdio as Stdio, stdio as Stdio, stdio as Stdio];
  while (list.length < 3) list.push("pipe");
  const plan = { child: [] as number[], ours: [] as number[], theirs: [] as number[] };
  for (const [i, kind] of list.entries()) {
    let mine = -1;
    let child = -1;
    if (kind === "pipe" || kind === null || kind === undefined) {
      const [readEnd, writeEnd] = sys.pipe();
      [child, mine] = i === 0 ? [readEnd, writeEnd] : [writeEnd, readEnd];
      plan.theirs.push(child);
    } else if (kind === "inherit") child = i;
    else if (typeof kind === "number") child = kind;
    else if (typeof kind === "object") child = kind.fd;
    else if (kind !== "ignore")
      throw codedError(
        new TypeError(`The argument 'stdio' is invalid. Received '${kind}'`),
        "ERR_INVALID_ARG_VALUE",
      );
    plan.child.push(child);
    plan.ours.push(mine);
  }
  return plan;
}

function launch(
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  child: readonly number[],
): number {
  return sys.spawn(file, [options.argv0 ?? file, ...args], {
    env: environment(options.env),
    stdio: child,
    detached: options.detached === true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
}

/** The error as Node has it: syscall names the program, whatever step failed. */
function spawnError(error: unknown, file: string, args: readonly string[]): Error {
  const { code = "EIO", errno } = error as { code?: string; errno?: number };
  return Object.assign(new Error(`spawn ${file} ${code}`), {
    errno,
    code,
    syscall: `spawn ${file}`,
    path: file,
    spawnargs: [...args],
  });
}

export class ChildProcess extends EventEmitter {
  pid: number | undefined;
  stdin: FdWritable | null = null;
  stdout: FdReadable | null = null;
  stderr: FdReadable | null = null;
  readonly stdio: (FdWritable | FdReadable | null)[] = [];
  exitCode: number | null = null;
  signalCode: string | null = null;
  killed = false;
  readonly spawnfile: string;
  readonly spawnargs: string[];
  #open = 1;

  constructor(file: string, args: readonly string[], options: SpawnOptions) {
    super();
    this.spawnfile = file;
    this.spawnargs = [file, ...args];
    const { child, ours, theirs } = plumb(options.stdio);
    try {
      this.pid = launch(file, args, options, child);
    } catch (error) {
      for (const fd of ours) if (fd >= 0) sys.close(fd);
      sys.nextTick(() => {
        this.emit("error", spawnError(error, file, args));
        this.emit("close", -2, null);
      });
      return;
    } finally {
      for (const fd of theirs) sys.close(fd);
    }
    this.#attach(ours);
    sys.nextTick(() => this.emit("spawn"));
    sys.onChild(this.pid, (code, signal) => this.#exited(code, signal));
    if (options.timeout !== undefined && options.timeout > 0) {
      const timer = sys.setTimer(() => this.kill(options.killSignal ?? "SIGTERM"), options.timeout, false);
      this.once("exit", () => sys.clearTimer(timer));
    }
  }

  #attach(ours: readonly number[]): void {
    for (const [i, fd] of ours.entries()) {
      const stream = fd < 0 ? null : i === 0 ? new FdWritable(fd) : new FdReadable(fd);
      this.stdio.push(stream);
      if (stream instanceof FdReadable) {
        this.#open++;
        stream.once("close", () => this.#closed());
      }
    }
    this.stdin = this.stdio[0] as FdWritable | null;
    this.stdout = this.stdio[1] as FdReadable | null;
    this.stderr = this.stdio[2] as FdReadable | null;
  }

  #exited(code: number, signal: number): void {
    this.exitCode = signal === 0 ? code : null;
    this.signalCode = signal === 0 ? null : signalName(signal);
    this.stdin?.destroy();
    this.emit("exit", this.exitCode, this.signalCode);
    /* output that nobody reads must not keep "close" away */
    for (const stream of [this.stdout, this.stderr])
      if (stream?.listenerCount("data") === 0 && stream.listenerCount("readable") === 0) stream.resume();
    this.#closed();
  }

  #closed(): void {
    this.#open--;
    if (this.#open === 0) this.emit("close", this.exitCode, this.signalCode);
  }

  kill(signal: string | number = "SIGTERM"): boolean {
    if (this.pid === undefined || this.exitCode !== null || this.signalCode !== null) return false;
    try {
      sys.kill(this.pid, signalNumber(signal));
      this.killed = true;
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === "ESRCH") return false;
      throw error;
    }
  }

  ref(): void {}
  unref(): void {
    throw unsupported("ChildProcess.unref");
  }
}

export function spawn(
  file: string,
  args: readonly string[] | SpawnOptions = [],
  options: SpawnOptions = {},
): ChildProcess {
  const [words, given] = Array.isArray(args)
    ? [args as readonly string[], options]
    : [[], args as SpawnOptions];
  check(given);
  return new ChildProcess(file, words, given);
}

export interface SpawnSyncOptions extends CommonOptions {
  input?: string | Uint8Array;
  encoding?: "utf8" | "utf-8" | "latin1" | "buffer";
  /** Bytes of output after which the child is killed. */
  maxBuffer?: number;
}

interface Collected {
  chunks: Uint8Array[];
  size: number;
}

/** Feeds and drains the pipes of a child until all are closed; gives what went wrong, if anything. */
function converse(
  pid: number,
  ours: readonly number[],
  input: Uint8Array,
  options: SpawnSyncOptions,
  outputs: Collected[],
): string | null {
  const { POLLIN = 1, POLLOUT = 4, POLLHUP = 16, POLLERR = 8 } = sys.constants;
  const deadline =
    options.timeout !== undefined && options.timeout > 0
      ? sys.now() + options.timeout
      : Number.POSITIVE_INFINITY;
  const limit = options.maxBuffer ?? 1024 * 1024;
  const open = new Map<number, number>();
  for (const [i, fd] of ours.entries()) if (fd >= 0) open.set(i, fd);
  for (const fd of open.values()) sys.setNonblock(fd, true);
  let sent = 0;
  let problem: string | null = null;
  const chunk = new Uint8Array(65_536);
  const close = (i: number, fd: number) => {
    sys.close(fd);
    open.delete(i);
  };
  const stop = (code: string) => {
    problem = code;
    sys.kill(pid, signalNumber(options.killSignal ?? "SIGTERM"));
    for (const [i, fd] of open) close(i, fd);
  };
  const feed = (i: number, fd: number) => {
    try {
      sent += sys.write(fd, input, sent, input.length - sent);
    } catch (error) {
      if ((error as { code?: string }).code === "EAGAIN") return;
      sent = input.length;
    }
    if (sent === input.length) close(i, fd);
  };
  const drain = (i: number, fd: number) => {
    const n = sys.read(fd, chunk, 0, chunk.length);
    if (n === 0) return close(i, fd);
    const output = outputs[i];
    if (output === undefined) return;
    output.chunks.push(chunk.slice(0, Math.min(n, limit - output.size)));
    output.size += n;
    if (output.size > limit) stop("ENOBUFS");
  };
  const stdin = open.get(0);
  if (stdin !== undefined && input.length === 0) close(0, stdin);
  while (open.size > 0) {
    const left = deadline - sys.now();
    if (left <= 0) {
      stop("ETIMEDOUT");
      break;
    }
    const entries = [...open];
    const ready = sys.poll(
      entries.map(([i, fd]) => [fd, i === 0 ? POLLOUT : POLLIN]),
      left === Number.POSITIVE_INFINITY ? -1 : Math.ceil(left),
    );
    for (const [k, [i, fd]] of entries.entries()) {
      if (((ready[k] ?? 0) & (POLLIN | POLLOUT | POLLHUP | POLLERR)) === 0 || !open.has(i)) continue;
      if (i === 0) feed(i, fd);
      else drain(i, fd);
    }
  }
  return problem;
}

export function spawnSync(
  file: string,
  args: readonly string[] | SpawnSyncOptions = [],
  options: SpawnSyncOptions = {},
) {
  const [words, given] = Array.isArray(args)
    ? [args as readonly string[], options]
    : [[] as string[], args as SpawnSyncOptions];
  check(given);
  const { child, ours, theirs } = plumb(given.stdio);
  const outputs: Collected[] = ours.map(() => ({ chunks: [], size: 0 }));
  let pid: number;
  try {
    pid = launch(file, words, given, child);
  } catch (error) {
    for (const fd of [...ours, ...theirs]) if (fd >= 0) sys.close(fd);
    const failure = Object.assign(spawnError(error, file, words), {
      syscall: `spawnSync ${file}`,
      message: `spawnSync ${file} ${(error as { code?: string }).code}`,
    });
    return { pid: 0, output: null, stdout: null, stderr: null, status: null, signal: null, error: failure };
  }
  for (const fd of theirs) sys.close(fd);
  const input =
    typeof given.input === "string" ? sys.utf8Encode(given.input) : (given.input ?? new Uint8Array(0));
  const problem = converse(pid, ours, input, given, outputs);
  const end = waitUntil(pid, given);
  const decode = ({ chunks }: Collected) => {
    const bytes = Buffer.concat(chunks);
    return given.encoding === undefined || given.encoding === "buffer"
      ? bytes
      : bytes.toString(given.encoding);
  };
  const output = ours.map((fd, i) => (fd < 0 || i === 0 ? null : decode(outputs[i] as Collected)));
  const code = problem ?? (end.timedOut ? "ETIMEDOUT" : null);
  return {
    pid,
    output,
    stdout: output[1] ?? null,
    stderr: output[2] ?? null,
    status: end.signal === 0 ? end.code : null,
    signal: end.signal === 0 ? null : signalName(end.signal),
    ...(code === null
      ? {}
      : {
          error: Object.assign(new Error(`spawnSync ${file} ${code}`), {
            code,
            syscall: `spawnSync ${file}`,
            path: file,
            spawnargs: [...words],
          }),
        }),
  };
}

/** Waits for a child whose pipes are closed; a time limit goes on for one that had none. */
function waitUntil(
  pid: number,
  options: SpawnSyncOptions,
): { code: number; signal: number; timedOut: boolean } {
  const { WNOHANG = 1 } = sys.constants;
  const deadline =
    options.timeout !== undefined && options.timeout > 0
      ? sys.now() + options.timeout
      : Number.POSITIVE_INFINITY;
  let timedOut = false;
  for (;;) {
    const end = sys.waitpid(pid, deadline === Number.POSITIVE_INFINITY || timedOut ? 0 : WNOHANG);
    if (end !== null) return { code: end.code, signal: end.signal, timedOut };
    if (sys.now() >= deadline) {
      timedOut = true;
      sys.kill(pid, signalNumber(options.killSignal ?? "SIGTERM"));
    } else {
      sys.poll([], 2);
    }
  }
}

/** Gives standard output; throws when the program cannot be run or fails. Standard error goes to ours, as with Node. */
export function execFileSync(
  file: string,
  args: readonly string[] = [],
  options: SpawnSyncOptions = {},
): Buffer | string {
  const result = spawnSync(file, args, { stdio: ["pipe", "pipe", "inherit"], ...options });
  if ("error" in result && result.error !== undefined) throw result.error;
  if (result.status !== 0) {
    throw Object.assign(
      new Error(`Command failed: ${[file, ...args].join(" ")}\n${String(result.stderr ?? "")}`),
      result,
    );
  }
  return result.stdout as Buffer | string;
}

export default { ChildProcess, spawn, spawnSync, execFileSync };
