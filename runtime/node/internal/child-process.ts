/** spawn and ChildProcess: a child beside the event loop. */
import * as sys from "vz:sys";
import { EventEmitter } from "../events.ts";
import {
  type CommonOptions,
  closeAll,
  closeTheirs,
  launch,
  type Plumbing,
  plumb,
  type Request,
  readRequest,
  spawnFailure,
} from "./child-options.ts";
import { isSystemFailure, shortFailure } from "./errors.ts";
import { FdReadable, FdWritable } from "./fd-stream.ts";
import { signalName, signalNumber } from "./signals.ts";

export type SpawnOptions = CommonOptions;

/** Failures that Node tells as an "error" event; it throws the others. */
const TOLD = ["EACCES", "EAGAIN", "EMFILE", "ENFILE", "ENOENT"];

export class ChildProcess extends EventEmitter {
  pid: number | undefined = undefined;
  stdin: FdWritable | null = null;
  stdout: FdReadable | null = null;
  stderr: FdReadable | null = null;
  stdio: (FdWritable | FdReadable | null)[] = [];
  exitCode: number | null = null;
  signalCode: string | null = null;
  killed = false;
  readonly spawnfile: string;
  readonly spawnargs: string[];
  /** What "close" waits for: the child's end and the streams. */
  #open = 1;
  /** Of the time limit. */
  #timer: number | undefined;

  /** For spawn() alone. */
  constructor(request: Request<SpawnOptions>) {
    super();
    const { file, args, options } = request;
    this.spawnfile = file;
    this.spawnargs = [options.argv0 ?? file, ...args];
    const plumbing = plumb(options.stdio);
    try {
      this.pid = launch(request, plumbing.child);
    } catch (error) {
      this.#failed(spawnFailure(error, "spawn", request), plumbing);
      return;
    }
    closeTheirs(plumbing);
    this.#attach(plumbing.ours);
    sys.onChild(this.pid, (code, signal) => this.#ended(code, signal));
    sys.nextTick(() => this.emit("spawn"));
    const { timeout, killSignal } = options;
    if (timeout !== undefined && timeout > 0) {
      this.#timer = sys.setTimer(() => this.kill(killSignal), timeout, false);
    }
  }

  #failed(failure: Error, plumbing: Plumbing): void {
    const { code, errno } = failure as Error & { code: string; errno: number };
    if (!TOLD.includes(code)) {
      closeAll(plumbing);
      throw Object.assign(failure, { message: `spawn ${code}`, syscall: "spawn" });
    }
    // The streams are there all the same, and end at once: a caller listens to them before it hears of the failure.
    closeTheirs(plumbing);
    this.#attach(plumbing.ours);
    sys.nextTick(() => {
      this.exitCode = errno;
      this.stdin?.destroy();
      this.emit("error", failure);
      this.#drainUnread();
      this.#closed();
    });
  }

  /** Output that nobody reads must not keep "close" away. */
  #drainUnread(): void {
    sys.nextTick(() => {
      for (const stream of this.stdio) if (stream instanceof FdReadable && isUnread(stream)) stream.resume();
    });
  }

  #attach(ours: readonly number[]): void {
    this.stdio = ours.map((fd, i) => {
      if (fd < 0) return null;
      const stream = i === 0 ? toChild(fd) : fromChild(fd);
      this.#open++;
      stream.once("close", () => this.#closed());
      return stream;
    });
    const [stdin, stdout, stderr] = this.stdio;
    this.stdin = (stdin as FdWritable | null | undefined) ?? null;
    this.stdout = (stdout as FdReadable | null | undefined) ?? null;
    this.stderr = (stderr as FdReadable | null | undefined) ?? null;
  }

  #ended(code: number, signal: number): void {
    if (this.#timer !== undefined) sys.clearTimer(this.#timer);
    if (signal === 0) this.exitCode = code;
    else this.signalCode = signalName(signal);
    this.stdin?.destroy();
    this.emit("exit", this.exitCode, this.signalCode);
    this.#drainUnread();
    this.#closed();
  }

  #closed(): void {
    this.#open--;
    if (this.#open === 0) this.emit("close", this.exitCode, this.signalCode);
  }

  /** False if the child had ended already. */
  kill(signal: string | number = "SIGTERM"): boolean {
    const number = signalNumber(signal);
    if (this.pid === undefined || this.exitCode !== null || this.signalCode !== null) return false;
    try {
      sys.kill(this.pid, number);
    } catch (error) {
      if (isSystemFailure(error) && error.code === "ESRCH") return false;
      throw shortFailure(error, "kill");
    }
    this.killed = true;
    return true;
  }
}

function isUnread(stream: FdReadable): boolean {
  const piped = (stream as unknown as { _readableState: { pipeTo: unknown } })._readableState.pipeTo !== null;
  return !piped && stream.listenerCount("data") === 0 && stream.listenerCount("readable") === 0;
}

function toChild(fd: number): FdWritable {
  sys.setNonblock(fd, true);
  return new FdWritable({
    open: () => fd,
    autoClose: true,
    explain: (error) => shortFailure(error, "write"),
  });
}

function fromChild(fd: number): FdReadable {
  return new FdReadable({ open: () => fd, autoClose: true, explain: (error) => shortFailure(error, "read") });
}

export function spawn(
  file: string,
  args?: readonly string[] | SpawnOptions,
  options?: SpawnOptions,
): ChildProcess {
  return new ChildProcess(readRequest<SpawnOptions>("spawn", file, args, options, []));
}
