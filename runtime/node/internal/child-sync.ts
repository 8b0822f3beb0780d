/** spawnSync and execFileSync: the program stands still until the child has ended. */
import * as sys from "vz:sys";
import { Buffer } from "../buffer.ts";
import {
  type CommonOptions,
  closeAll,
  closeTheirs,
  launch,
  plumb,
  type Request,
  readRequest,
  spawnFailure,
} from "./child-options.ts";
import { isSystemFailure } from "./errors.ts";
import { dataBytes } from "./fs-args.ts";
import { signalName, signalNumber } from "./signals.ts";

export interface SpawnSyncOptions extends CommonOptions {
  input?: string | ArrayBufferView | undefined;
  encoding?: string | null | undefined;
  /** Bytes of one output after which the child is killed. */
  maxBuffer?: number | undefined;
}

export interface SpawnSyncResult {
  pid: number;
  output: (string | Buffer | null)[] | null;
  stdout: string | Buffer | null;
  stderr: string | Buffer | null;
  status: number | null;
  signal: string | null;
  error?: Error;
}

const OPTIONS = ["input", "encoding", "maxBuffer"];
const CHUNK = 65_536;
/** While a child with a time limit lives on without pipes: milliseconds between two looks. */
const LOOK = 5;

function failureCode(error: unknown): string | undefined {
  return isSystemFailure(error) ? error.code : undefined;
}

/** One talk with a child: what it is sent, what it says, and why it was stopped. */
class Dialogue {
  readonly outputs: Uint8Array[][];
  stopped: "ETIMEDOUT" | "ENOBUFS" | undefined;
  readonly #pid: number;
  readonly #pipes = new Map<number, number>();
  readonly #options: SpawnSyncOptions;
  readonly #deadline: number;
  readonly #chunk = new Uint8Array(CHUNK);
  #input: Uint8Array;

  constructor(pid: number, ours: readonly number[], options: SpawnSyncOptions) {
    this.#pid = pid;
    this.#options = options;
    this.#input = options.input === undefined ? new Uint8Array(0) : dataBytes(options.input, "utf8");
    this.#deadline = options.timeout ? sys.now() + options.timeout : Number.POSITIVE_INFINITY;
    this.outputs = ours.map(() => []);
    for (const [i, fd] of ours.entries()) {
      if (fd < 0) continue;
      sys.setNonblock(fd, true);
      this.#pipes.set(i, fd);
    }
    if (this.#input.length === 0) this.#close(0);
  }

  #close(i: number): void {
    const fd = this.#pipes.get(i);
    if (fd === undefined) return;
    this.#pipes.delete(i);
    sys.close(fd);
  }

  #stop(why: "ETIMEDOUT" | "ENOBUFS"): void {
    this.stopped ??= why;
    // before its pipes break: by then it has this signal, and not the one of a pipe that nobody reads
    sys.kill(this.#pid, signalNumber(this.#options.killSignal ?? "SIGTERM"));
    for (const i of [...this.#pipes.keys()]) this.#close(i);
  }

  #send(fd: number): void {
    try {
      this.#input = this.#input.subarray(sys.write(fd, this.#input, 0, this.#input.length));
    } catch (error) {
      if (failureCode(error) === "EAGAIN") return;
      // a child need not read what it is sent
      if (failureCode(error) !== "EPIPE") throw error;
      this.#input = this.#input.subarray(this.#input.length);
    }
    if (this.#input.length === 0) this.#close(0);
  }

  #receive(i: number, fd: number): void {
    const count = sys.read(fd, this.#chunk, 0, CHUNK);
    if (count === 0) {
      this.#close(i);
      return;
    }
    const parts = this.outputs[i] ?? [];
    const room = (this.#options.maxBuffer ?? 1024 * 1024) - parts.reduce((sum, part) => sum + part.length, 0);
    parts.push(this.#chunk.slice(0, Math.min(count, room)));
    if (count > room) this.#stop("ENOBUFS");
  }

  /** Until all pipes are closed. */
  converse(): void {
    const { POLLIN, POLLOUT } = sys.constants;
    while (this.#pipes.size > 0) {
      const left = this.#deadline - sys.now();
      if (left <= 0) {
        this.#stop("ETIMEDOUT");
        return;
      }
      const pipes = [...this.#pipes];
      const wanted = pipes.map(([i, fd]) => [fd, i === 0 ? POLLOUT : POLLIN] as const);
      const ready = sys.poll(wanted, left === Number.POSITIVE_INFINITY ? -1 : Math.ceil(left));
      for (const [k, [i, fd]] of pipes.entries()) {
        if (!ready[k] || !this.#pipes.has(i)) continue;
        if (i === 0) this.#send(fd);
        else this.#receive(i, fd);
      }
    }
  }

  /** Waits for the end of the child itself. */
  end(): { code: number; signal: number } {
    for (;;) {
      const limited = this.#deadline !== Number.POSITIVE_INFINITY && this.stopped === undefined;
      const end = sys.waitpid(this.#pid, limited ? sys.constants.WNOHANG : 0);
      if (end !== null) return end;
      if (sys.now() >= this.#deadline) this.#stop("ETIMEDOUT");
      else sys.poll([], LOOK);
    }
  }
}

function run(request: Request<SpawnSyncOptions>): SpawnSyncResult {
  const { options } = request;
  const plumbing = plumb(options.stdio);
  let pid: number;
  try {
    pid = launch(request, plumbing.child);
  } catch (error) {
    closeAll(plumbing);
    const failure = spawnFailure(error, "spawnSync", request);
    return { error: failure, status: null, signal: null, output: null, pid: 0, stdout: null, stderr: null };
  }
  closeTheirs(plumbing);
  const dialogue = new Dialogue(pid, plumbing.ours, options);
  dialogue.converse();
  const { code, signal } = dialogue.end();
  const output = plumbing.ours.map((fd, i) => {
    if (fd < 0 || i === 0) return null;
    const bytes = Buffer.concat(dialogue.outputs[i] ?? []);
    const { encoding } = options;
    return encoding && encoding !== "buffer" ? bytes.toString(encoding) : bytes;
  });
  const result: SpawnSyncResult = {
    status: signal === 0 ? code : null,
    signal: signal === 0 ? null : signalName(signal),
    output,
    pid,
    stdout: output[1] ?? null,
    stderr: output[2] ?? null,
  };
  if (dialogue.stopped === undefined) return result;
  const errno = { ETIMEDOUT: -110, ENOBUFS: -105 }[dialogue.stopped];
  return { error: spawnFailure({ code: dialogue.stopped, errno }, "spawnSync", request), ...result };
}

export function spawnSync(
  file: string,
  args?: readonly string[] | SpawnSyncOptions,
  options?: SpawnSyncOptions,
): SpawnSyncResult {
  return run(readRequest<SpawnSyncOptions>("spawnSync", file, args, options, OPTIONS));
}

/** Gives standard output; throws if the program cannot be run or fails. Its standard error goes to ours as well. */
export function execFileSync(
  file: string,
  args?: readonly string[] | SpawnSyncOptions,
  options?: SpawnSyncOptions,
): string | Buffer | null {
  const request = readRequest<SpawnSyncOptions>("execFileSync", file, args, options, OPTIONS);
  const result = run(request);
  if (request.options.stdio === undefined && result.stderr !== null && result.stderr.length > 0) {
    sys.writeAll(2, result.stderr);
  }
  if (result.error !== undefined) throw Object.assign(result.error, result);
  if (result.status === 0) return result.stdout;
  const stderr = result.stderr === null || result.stderr.length === 0 ? "" : `\n${String(result.stderr)}`;
  throw Object.assign(new Error(`Command failed: ${[file, ...request.args].join(" ")}${stderr}`), result);
}
