/** One test's hand on the runtime: bundles, commands, containers; all of it is taken away by `clean`. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bundle, makeBundle, type Parts } from "./oci-bundle.ts";
import { processesOf } from "./oci-left.ts";
import { type ExecOptions, execute, patience, type Result, runtime, runtimeCommand } from "./oci-runtimes.ts";

export interface RunOptions extends ExecOptions {
  /** Options before the command. */
  readonly global?: readonly string[];
  /** Options of the command. */
  readonly flags?: readonly string[];
  /** A bundle that is there already. */
  readonly bundle?: Bundle;
  readonly id?: string;
}

/** A container that the command left behind. */
export interface Container {
  readonly id: string;
  readonly pid: number;
  readonly bundle: Bundle;
  /** What it has written to its standard output by now. */
  output(): string;
}

/** What test/support/probe.c tells. */
export interface Probe {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly capabilities: Readonly<
    Record<"effective" | "permitted" | "inheritable" | "bounding" | "ambient", number[]>
  >;
  readonly uid: readonly number[];
  readonly gid: readonly number[];
  readonly groups: readonly number[];
  readonly umask: number;
  readonly bits: number;
  readonly pid: number;
  readonly ppid: number;
  readonly pgrp: number;
  readonly sid: number;
  readonly noNewPrivileges: number;
  readonly personality: number;
  readonly rlimits: Readonly<Record<string, readonly [string, string]>>;
  readonly scheduler: Readonly<
    Record<"policy" | "flags" | "nice" | "priority" | "runtime" | "deadline" | "period", number>
  >;
  readonly ioPriority: { readonly class: number; readonly priority: number };
  readonly cpus: readonly number[];
  readonly fds: readonly number[];
  readonly tty: readonly boolean[];
  readonly rows: number;
  readonly columns: number;
  readonly controllingTerminal: boolean;
  readonly hostname: string;
  readonly domainname: string;
  readonly machine: string;
  readonly monotonic: number;
  readonly boottime: number;
  readonly ignored: readonly number[];
  readonly blocked: readonly number[];
  readonly cwd: string;
}

export class OciTest {
  /** The runtime's --root. */
  readonly root: string;
  /** A folder of this test's own. */
  readonly dir: string;
  readonly #shared: string;
  readonly #tag: string;
  readonly #roots: string[];
  readonly #ids: string[] = [];
  #count = 0;

  constructor(dir: string, name: string, roots: string[]) {
    this.dir = join(dir, name);
    this.root = join(this.dir, "state");
    this.#shared = join(dir, "shared");
    this.#tag = `${dir.replace(/^.*\//, "")}-${name}`;
    this.#roots = roots;
    mkdirSync(this.dir);
  }

  /** A name for a container that no other test uses. */
  id(): string {
    const id = `${this.#tag}-${++this.#count}`;
    this.#ids.push(id);
    return id;
  }

  /** A name in this test's folder, for a bundle or whatever else. */
  path(name = `p${++this.#count}`): string {
    return join(this.dir, name);
  }

  /** @param parts text is the config.json itself */
  bundle(parts: Parts | string = {}, path = this.path()): Bundle {
    const bundle = makeBundle(this.#shared, path, parts);
    this.#roots.push(bundle.rootfs);
    return bundle;
  }

  /** The runtime with these words, behind its --root. */
  cli(words: readonly string[], options: ExecOptions & { global?: readonly string[] } = {}): Promise<Result> {
    const argv = [...runtimeCommand, "--root", this.root, ...(options.global ?? []), ...words];
    return execute(argv, this.path(`o${++this.#count}`), options);
  }

  /** `run` in the foreground. */
  async run(
    parts: Parts | string = {},
    options: RunOptions = {},
  ): Promise<Result & { id: string; bundle: Bundle }> {
    const bundle = options.bundle ?? this.bundle(parts);
    const id = options.id ?? this.id();
    const result = await this.cli(["run", ...(options.flags ?? []), "-b", bundle.path, id], options);
    return { ...result, id, bundle };
  }

  /** `run` of a bundle that must end well; gives its standard output. */
  async output(parts: Parts, options: RunOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.run(parts, options);
    assert.equal(status, 0, `${stdout}${stderr}`);
    return stdout;
  }

  /** What a process in a container of these parts sees of itself. */
  async probe(parts: Parts = {}, options: RunOptions = {}): Promise<Probe> {
    return JSON.parse(await this.output({ args: ["probe"], ...parts }, options));
  }

  /** `run -d`: a container that goes on, by default one that sleeps. */
  up(parts: Parts = {}, options: RunOptions = {}): Promise<Container> {
    return this.#leave("run", ["-d"], { args: ["sleep", "1000"], ...parts }, options);
  }

  create(parts: Parts = {}, options: RunOptions = {}): Promise<Container> {
    return this.#leave("create", [], { args: ["sleep", "1000"], ...parts }, options);
  }

  async #leave(
    verb: string,
    flags: readonly string[],
    parts: Parts,
    options: RunOptions,
  ): Promise<Container> {
    const bundle = options.bundle ?? this.bundle(parts);
    const id = options.id ?? this.id();
    const pidFile = `${bundle.path}.pid`;
    const out = this.path(`o${++this.#count}`);
    const words = [verb, ...flags, "--pid-file", pidFile, ...(options.flags ?? []), "-b", bundle.path, id];
    const argv = [...runtimeCommand, "--root", this.root, ...(options.global ?? []), ...words];
    const { status, stdout, stderr } = await execute(argv, out, options);
    assert.equal(status, 0, `${verb}: ${stdout}${stderr}`);
    const pid = Number(readFileSync(pidFile, "utf8"));
    if (verb === "run") await settled(pid);
    return { id, pid, bundle, output: () => readFileSync(`${out}.out`, "utf8") };
  }

  /** A command that must end with 0; gives its standard output. */
  async ok(...words: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.cli(words);
    assert.equal(status, 0, `${words.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  }

  async state(id: string) {
    return JSON.parse(await this.ok("state", id));
  }

  /** Waits until the container's status is this. */
  async becomes(id: string, status: string): Promise<void> {
    await until(`${id} to be ${status}`, async () => (await this.state(id)).status === status);
  }

  async clean(): Promise<void> {
    if (existsSync(this.root)) {
      for (const id of new Set([...this.#ids, ...readdirSync(this.root)]))
        if (existsSync(join(this.root, id))) await this.cli(["delete", "--force", id]);
    }
  }

  /** The processes of a container, by its root filesystem; pids and command lines. */
  processes(bundle: Bundle): string[] {
    return processesOf("", [bundle.rootfs]);
  }
}

/** Waits until a container's process runs what is in the container, and no more of the runtime's own. */
async function settled(pid: number): Promise<void> {
  await until(`process ${pid} to execute its program`, () => {
    try {
      return !/\/(runc|crun|vz|exe)( \(deleted\))?$|memfd:|^\/$/.test(readlinkSync(`/proc/${pid}/exe`));
    } catch {
      return true;
    }
  });
}

/** Repeats `check` until it gives true. */
export async function until(what: string, check: () => Promise<boolean> | boolean, ms = 8000): Promise<void> {
  const end = performance.now() + ms * patience;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await sleep(20);
  }
}

/**
 * Asserts that a command failed as it should. The specification leaves the status open; runc and crun mostly end with 1, and
 * runch with what docs/runch.md says.
 */
export function assertFails(result: Result, runchStatus: number, message?: RegExp): void {
  assert.notEqual(result.status, 124, "it hangs");
  if (runtime === "runch") {
    assert.equal(result.status, runchStatus, result.stderr);
    if (message !== undefined) assert.match(result.stderr, message);
  } else {
    assert.notEqual(result.status, 0, "it must fail");
  }
}

export function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
