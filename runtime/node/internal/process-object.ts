/** The `process` object. One for the whole program: the bundles of all roles share it through globalThis. */
import * as sys from "vz:sys";
import { EventEmitter } from "../events.ts";
import { checkFunction, invalidType, isSystemFailure, notOffered, shortFailure } from "./errors.ts";
import { signalNumber } from "./signals.ts";
import { StdStream } from "./std-stream.ts";

const BUG = 70;
const OTHER_EVENTS = ["exit", "uncaughtException", "unhandledRejection", "newListener", "removeListener"];

function environment(): Record<string, string> {
  const values = new Map<string, string>();
  for (const line of sys.environ) {
    const at = line.indexOf("=", 1);
    const name = at < 0 ? line : line.slice(0, at);
    // of two lines with one name, getenv(3) sees the first
    if (!values.has(name)) values.set(name, at < 0 ? "" : line.slice(at + 1));
  }
  return Object.fromEntries(values);
}

function hrtime(before?: readonly [number, number]): [seconds: number, nanoseconds: number] {
  const ms = sys.now();
  const seconds = Math.floor(ms / 1000);
  const nanoseconds = Math.floor((ms - seconds * 1000) * 1e6);
  if (before === undefined) return [seconds, nanoseconds];
  const rest = nanoseconds - before[1];
  return rest < 0 ? [seconds - before[0] - 1, rest + 1e9] : [seconds - before[0], rest];
}
hrtime.bigint = (): bigint => {
  const [seconds, nanoseconds] = hrtime();
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
};

export class Process extends EventEmitter {
  readonly argv0 = sys.argv[0] ?? "";
  /** As Node: two words before the arguments. */
  readonly argv = [this.argv0, this.argv0, ...sys.argv.slice(1)];
  readonly execArgv: string[] = [];
  readonly platform = "linux";
  readonly arch = sys.arch;
  readonly versions = { quickjs: sys.engine.replace("QuickJS ", "") };
  readonly hrtime = hrtime;
  /** As Node's, and which roles this executable has. */
  readonly release = { name: "vz", part: sys.part };
  exitCode: number | string | undefined = undefined;
  readonly #started = sys.now();
  #exiting = false;
  #env: Record<string, string> | undefined;
  #stdout: StdStream | undefined;
  #stderr: StdStream | undefined;

  /** For bootstrap.ts alone: ties the ways in which the engine ends to the events. */
  constructor() {
    super();
    const idle = sys.onIdle(() => {
      const status = this.#emitExit();
      // what main asked for before there was a process
      if (this.exitCode === undefined) idle?.();
      sys.exit(status);
    });
    const before = sys.onUncaught((error, kind) => {
      const handled = this.#uncaught(error, kind);
      if (!handled) before?.(error, kind);
      if (!handled) reportUncaught(error, kind, this.env["VZ_DEBUG"] === "1");
      this.exit(handled && statusOf(this.exitCode) > 0 ? this.exitCode : BUG);
    });
    this.on("newListener", (name: string) => {
      if (OTHER_EVENTS.includes(name) || this.listenerCount(name) > 0) return;
      if (!Object.hasOwn(sys.signals, name)) throw notOffered(`process event ${String(name)}`);
      const number = signalNumber(name);
      sys.onSignal(number, () => this.emit(name, name, number));
    });
    this.on("removeListener", (name: string) => {
      if (Object.hasOwn(sys.signals, name) && this.listenerCount(name) === 0) {
        sys.onSignal(signalNumber(name), "default");
      }
    });
  }

  get env(): Record<string, string> {
    this.#env ??= environment();
    return this.#env;
  }

  get stdout(): StdStream {
    this.#stdout ??= new StdStream(1);
    return this.#stdout;
  }

  get stderr(): StdStream {
    this.#stderr ??= new StdStream(2);
    return this.#stderr;
  }

  get pid(): number {
    return sys.getpid();
  }

  get ppid(): number {
    return sys.getppid();
  }

  get execPath(): string {
    return sys.executable();
  }

  /** Bundles that name it as `process.stdin` get internal/stdin.ts in its place. */
  get stdin(): never {
    throw notOffered("process.stdin under another name than the global process.stdin");
  }

  uptime(): number {
    return (sys.now() - this.#started) / 1000;
  }

  cwd(): string {
    return sys.getcwd();
  }

  chdir(directory: string): void {
    if (typeof directory !== "string") throw invalidType("directory", "of type string", directory);
    try {
      sys.chdir(directory);
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      const path = sys.getcwd();
      error.message = error.message.replace(/chdir '.*'$/s, () => `chdir '${path}' -> '${directory}'`);
      throw Object.assign(error, { path, dest: directory });
    }
  }

  umask(mask?: number | string): number {
    if (mask !== undefined) return sys.umask(typeof mask === "string" ? Number.parseInt(mask, 8) : mask);
    const before = sys.umask(0o077);
    sys.umask(before);
    return before;
  }

  nextTick(callback: (...args: unknown[]) => unknown, ...args: unknown[]): void {
    checkFunction("callback", callback);
    sys.nextTick(args.length === 0 ? () => callback() : () => callback(...args));
  }

  kill(pid: number, signal: string | number = "SIGTERM"): true {
    const number = Number(pid);
    if (number !== (number | 0)) throw invalidType("pid", "of type number", pid);
    try {
      sys.kill(number, signalNumber(signal));
    } catch (error) {
      throw shortFailure(error, "kill");
    }
    return true;
  }

  emitWarning(warning: string | Error): void {
    const text = typeof warning === "string" ? `Warning: ${warning}` : `${warning.name}: ${warning.message}`;
    sys.writeAll(2, `(vz:${sys.getpid()}) ${text}\n`);
  }

  exit(code?: number | string): never {
    if (code !== undefined) this.exitCode = code;
    sys.exit(this.#emitExit());
  }

  /** Tells the listeners of "exit", once; they may change exitCode. */
  #emitExit(): number {
    if (!this.#exiting) {
      this.#exiting = true;
      this.emit("exit", statusOf(this.exitCode));
    }
    return statusOf(this.exitCode);
  }

  #uncaught(error: unknown, kind: "exception" | "rejection"): boolean {
    if (kind === "rejection" && this.emit("unhandledRejection", error)) return true;
    return this.emit(
      "uncaughtException",
      error,
      kind === "rejection" ? "unhandledRejection" : "uncaughtException",
    );
  }
}

function statusOf(code: number | string | undefined): number {
  const status = Number(code ?? 0);
  if (!Number.isInteger(status)) throw invalidType("code", "of type number", code);
  return status & 0xff;
}

function reportUncaught(error: unknown, kind: "exception" | "rejection", debug: boolean): void {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const stack = debug && error instanceof Error ? `${error.stack ?? ""}` : "";
  sys.writeAll(2, `vz: uncaught ${kind}: ${text}\n${stack}`);
}

const { getuid, geteuid, getgid, getegid, getgroups } = sys;
for (const [name, value] of Object.entries({ getuid, geteuid, getgid, getegid, getgroups })) {
  Object.defineProperty(Process.prototype, name, { value, configurable: true, writable: true });
}
