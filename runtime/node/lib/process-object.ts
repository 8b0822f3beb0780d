/**
 * The global `process`. Standard streams are made when first asked for; their `isTTY`, `columns` and `write` need no
 * stream code at all.
 */
import * as sys from "vz:sys";
import { EventEmitter } from "../events.ts";
import { standardInput, standardOutput } from "./standard-streams.ts";

const BUG = 70;

function environment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const line of sys.environ) {
    const equals = line.indexOf("=", 1);
    if (equals > 0) env[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return env;
}

function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

class Process extends EventEmitter {
  readonly argv0 = sys.argv[0] ?? "";
  readonly env = environment();
  readonly platform = "linux";
  readonly arch = "ia32";
  readonly version = "v20.0.0";
  readonly versions = { node: "20.0.0", quickjs: sys.engine.replace("QuickJS ", "") };
  readonly release = { name: "node" };
  exitCode: number | undefined;
  #argv: string[] | undefined;
  #exiting = false;
  readonly #stdin = lazy(() => standardInput());
  readonly #stdout = lazy(() => standardOutput(1));
  readonly #stderr = lazy(() => standardOutput(2));

  constructor() {
    super();
    sys.onUncaught((error, kind) => this.#uncaught(error, kind));
    sys.onIdle(() => this.exit());
  }

  get execPath(): string {
    return sys.executable();
  }

  get argv(): string[] {
    this.#argv ??= [this.execPath, this.execPath, ...sys.argv.slice(1)];
    return this.#argv;
  }

  get pid(): number {
    return sys.getpid();
  }

  get ppid(): number {
    return sys.getppid();
  }

  get stdin() {
    return this.#stdin();
  }

  get stdout() {
    return this.#stdout();
  }

  get stderr() {
    return this.#stderr();
  }

  cwd(): string {
    return sys.getcwd();
  }

  chdir(path: string): void {
    sys.chdir(path);
  }

  umask(mask?: number): number {
    if (mask !== undefined) return sys.umask(mask);
    const before = sys.umask(0o22);
    sys.umask(before);
    return before;
  }

  getuid = sys.getuid;
  geteuid = sys.geteuid;
  getgid = sys.getgid;
  getegid = sys.getegid;
  getgroups = sys.getgroups;

  kill(pid: number, signal: string | number = "SIGTERM"): true {
    const number = typeof signal === "number" ? signal : sys.signals[signal];
    if (number === undefined) throw new TypeError(`Unknown signal: ${signal}`);
    sys.kill(pid, number);
    return true;
  }

  nextTick<A extends unknown[]>(fn: (...args: A) => void, ...args: A): void {
    sys.nextTick(args.length === 0 ? (fn as () => void) : () => fn(...args));
  }

  hrtime = Object.assign(
    (before?: [number, number]): [number, number] => {
      const ns =
        BigInt(Math.round(sys.now() * 1e6)) -
        (before ? BigInt(before[0]) * 1_000_000_000n + BigInt(before[1]) : 0n);
      return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
    },
    { bigint: () => BigInt(Math.round(sys.now() * 1e6)) },
  );

  uptime(): number {
    return sys.now() / 1000;
  }

  emitWarning(text: string | Error): void {
    sys.writeAll(2, `warning: ${text instanceof Error ? text.message : text}\n`);
  }

  exit(code?: number): never {
    if (code !== undefined) this.exitCode = code;
    if (!this.#exiting) {
      this.#exiting = true;
      this.emit("exit", this.exitCode ?? 0);
    }
    sys.exit(this.exitCode ?? 0);
  }

  /** A listener for a signal installs its handler; with the last one gone, the signal has its default action again. */
  override on(event: string | symbol, listener: (...args: never[]) => void): this {
    super.on(event, listener);
    this.#listen(event);
    return this;
  }

  override once(event: string | symbol, listener: (...args: never[]) => void): this {
    super.once(event, listener);
    this.#listen(event);
    return this;
  }

  override removeListener(event: string | symbol, listener: (...args: never[]) => void): this {
    super.removeListener(event, listener);
    const signal = sys.signals[String(event)];
    if (signal !== undefined && this.listenerCount(event) === 0) sys.onSignal(signal, "default");
    return this;
  }

  #listen(event: string | symbol): void {
    const signal = sys.signals[String(event)];
    if (signal !== undefined) sys.onSignal(signal, () => void this.emit(event, event, signal));
  }

  #uncaught(error: unknown, kind: "exception" | "rejection"): void {
    const event =
      kind === "rejection" && this.listenerCount("unhandledRejection") > 0
        ? "unhandledRejection"
        : "uncaughtException";
    if (this.listenerCount(event) > 0) {
      this.emit(event, error, kind);
    } else {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      sys.writeAll(2, `vz: uncaught ${kind}: ${text}\n`);
      if (this.env["VZ_DEBUG"] === "1" && error instanceof Error) sys.writeAll(2, `${error.stack}\n`);
    }
    this.exit(BUG);
  }
}

/** Makes `globalThis.process`, once. */
export function installProcess(): void {
  Object.assign(globalThis, { process: new Process() });
}
