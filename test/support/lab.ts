/**
 * A lab for end-to-end tests: real `dist/vz`, real VPSes, each lab with a name and a working directory of its own, so that test
 * files can run beside one another. Needs root.
 *
 *     const lab = await startLab(3, { vendors: 2, init: "sysv", mem: 128 });   // or before() / after() of node:test
 *     after(() => lab.down());
 *     await lab.ok("master", "deploy");                   // dist/vz in lab.dir, where fleet.yaml lies; throws unless status 0
 *     const run = await lab.vz("master", "ps", "--json"); // the same, any status: {status, stdout, stderr, ms}
 *     await lab.sshOk(1, "ps -ef");                       // stdout of a shell command on vps1, as root with the lab's key
 *     await lab.ssh(2, "cat > /tmp/x", { input: "…" });   // any status
 *     await lab.kill(2); await lab.boot(2); await lab.cut(3); await lab.mend(3);
 *     lab.address(1); lab.host(1); lab.dir; lab.name; lab.env; lab.fleetFile; lab.key; lab.knownHosts
 *
 * `down` also runs when the test's process ends without it, and removes lab.dir.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { vzBinary } from "./machine.ts";

/** Tests are run from the project's directory. */

export interface LabOptions {
  readonly vendors?: number;
  readonly init?: "busybox" | "sysv";
  /** Megabytes of memory of each VPS. */
  readonly mem?: number;
  readonly openvz?: boolean;
  readonly kernel?: "2.6.32" | "3.10" | "6.1" | "5.10";
  readonly only32?: boolean;
  readonly only64?: boolean;
  /** Writes fleet.yaml anew, with all that is up. */
  readonly force?: boolean;
  readonly arch?: "i386" | "amd64" | "arm64";
  /** Machines by qemu, not namespaces; emulated ones take a minute to come up. */
  readonly vm?: boolean;
}

export interface Result {
  /** Exit status; 128 + n after signal n, as a shell has it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until SIGKILL; 60 s when absent. */
  readonly timeout?: number;
}

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Runs a program to its end and keeps what it wrote. Never throws for its status. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeout ?? 60_000);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const status = code ?? 128 + (SIGNALS[signal ?? ""] ?? 0);
      resolve({ status, stdout, stderr, ms: performance.now() - started });
    });
  });
}

/** Runs `dist/vz` with these arguments. */
export function vz(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return run(vzBinary, args, options);
}

/** Gives the standard output of a run that must have ended with 0. */
export function okOutput(what: string, result: Result): string {
  assert.equal(result.status, 0, `${what}: status ${result.status}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** Repeats `check` every 50 ms until it gives something: not undefined, not false, not an empty string. */
export async function until<T>(
  what: string,
  ms: number,
  check: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false && value !== "") return value;
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await sleep(50);
  }
}

export class Lab {
  readonly name: string;
  /** Working directory of the lab's commands; fleet.yaml lies here. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly fleetFile: string;
  /** Private key of the VPSes' root, and their host keys. */
  readonly key: string;
  readonly knownHosts: string;
  #addresses: readonly string[] = [];
  readonly #atExit: () => void;

  constructor(name: string) {
    this.name = name;
    this.dir = mkdtempSync(join(tmpdir(), `vz-${name}-`));
    this.env = { VZ_LAB: name };
    this.fleetFile = join(this.dir, "fleet.yaml");
    this.key = `/run/vz-lab/${name}/key`;
    this.knownHosts = `/run/vz-lab/${name}/known_hosts`;
    this.#atExit = () => {
      spawnSync(vzBinary, ["lab", "down"], { env: { ...process.env, ...this.env }, stdio: "ignore" });
      rmSync(this.dir, { recursive: true, force: true });
    };
    process.on("exit", this.#atExit);
  }

  /** Brings up `count` VPSes. The first run on a machine makes root filesystem and kernel, which takes a minute or two. */
  async up(count: number, options: LabOptions = {}): Promise<Result> {
    const result = await this.vzWith({ timeout: 600_000 }, "lab", "up", String(count), ...upFlags(options));
    okOutput("lab up", result);
    const rows: unknown = JSON.parse(await this.ok("lab", "ls", "--json"));
    assert.ok(Array.isArray(rows));
    this.#addresses = rows.map((row: { address: string }) => row.address);
    return result;
  }

  host(i: number): string {
    return `vps${i}`;
  }

  address(i: number): string {
    return this.#addresses[i - 1] ?? assert.fail(`no vps${i}`);
  }

  vz(...args: string[]): Promise<Result> {
    return this.vzWith({}, ...args);
  }

  vzWith(options: RunOptions, ...args: string[]): Promise<Result> {
    return vz(args, { cwd: this.dir, ...options, env: { ...this.env, ...options.env } });
  }

  async ok(...args: string[]): Promise<string> {
    return okOutput(`vz ${args.join(" ")}`, await this.vz(...args));
  }

  /** Options of ssh and sftp that reach the VPSes' root. */
  sshOptions(key = this.key): string[] {
    const options = {
      BatchMode: "yes",
      ConnectTimeout: "5",
      IdentitiesOnly: "yes",
      StrictHostKeyChecking: "yes",
      UserKnownHostsFile: this.knownHosts,
    };
    return ["-F", "none", "-i", key, ...Object.entries(options).flatMap(([k, v]) => ["-o", `${k}=${v}`])];
  }

  /** Runs a shell command as root on VPS `i` with OpenSSH itself, not with `vz lab ssh`. */
  ssh(i: number, command: string, options: RunOptions = {}): Promise<Result> {
    return run("ssh", [...this.sshOptions(), `root@${this.address(i)}`, "--", command], options);
  }

  async sshOk(i: number, command: string, options: RunOptions = {}): Promise<string> {
    return okOutput(`vps${i}: ${command}`, await this.ssh(i, command, options));
  }

  async kill(i: number): Promise<void> {
    await this.ok("lab", "kill", String(i));
  }

  async boot(i: number): Promise<void> {
    okOutput("lab boot", await this.vzWith({ timeout: 300_000 }, "lab", "boot", String(i)));
  }

  async cut(i: number): Promise<void> {
    await this.ok("lab", "cut", String(i));
  }

  async mend(i: number): Promise<void> {
    await this.ok("lab", "mend", String(i));
  }

  async down(): Promise<void> {
    await this.ok("lab", "down");
    process.removeListener("exit", this.#atExit);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function upFlags(options: LabOptions): string[] {
  const flags: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value === true) flags.push(`--${name}`);
    else if (value !== undefined && value !== false) flags.push(`--${name}`, String(value));
  }
  return flags;
}

/** Brings up a lab under a name that no other test has. */
export async function startLab(count: number, options: LabOptions = {}): Promise<Lab> {
  const lab = new Lab(`t${process.pid}-${Math.floor(performance.now())}`);
  try {
    await lab.up(count, options);
  } catch (error) {
    await lab.down().catch(() => {});
    throw error;
  }
  return lab;
}
