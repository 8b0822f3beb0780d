/** A folder for each test of the tracer, with programs compiled or written for it, and what a trace of them lists. */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { vzBinary } from "./machine.ts";

export interface Ended {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Gives back what ended with status 0; fails with what it printed where it did not. */
export function ok(ended: Ended): Ended {
  const { status, signal, stdout, stderr } = ended;
  assert.equal(status, 0, `status ${status} ${signal}\n${stdout}${stderr}`);
  return ended;
}

export class Workshop {
  readonly top = mkdtempSync(join(tmpdir(), "vz-trace-"));
  dir = this.top;
  #count = 0;
  readonly #env: NodeJS.ProcessEnv;

  /** @param env of all that is run, but for the locale, which is C */
  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#env = env;
  }

  /** Begins the next test in a folder of its own. */
  next(): void {
    this.dir = join(this.top, `t${++this.#count}`);
    mkdirSync(this.dir);
  }

  remove(): void {
    // Node's own removal gives up on names that are too long for one system call.
    spawnSync("rm", ["-rf", this.top]);
  }

  /** Files by their names in the folder, a latin-1 string each. */
  files(texts: Readonly<Record<string, string>>, mode = 0o644): void {
    for (const [name, text] of Object.entries(texts)) {
      const path = join(this.dir, name);
      makeParents(Buffer.from(dirname(path), "latin1"));
      writeFileSync(Buffer.from(path, "latin1"), text, { mode });
    }
  }

  /** Compiles C with the headers that the cases need. With "-m32" it is a program of 32 bits, by Debian's compiler for those. */
  compile(name: string, source: string, ...flags: string[]): void {
    const headers = [
      "dirent.h",
      "errno.h",
      "fcntl.h",
      "pthread.h",
      "sched.h",
      "signal.h",
      "spawn.h",
      "stdio.h",
    ];
    headers.push(
      "stdlib.h",
      "string.h",
      "sys/mount.h",
      "sys/socket.h",
      "sys/stat.h",
      "sys/syscall.h",
      "sys/un.h",
    );
    headers.push("sys/wait.h", "unistd.h");
    const text = `#define _GNU_SOURCE\n${headers.map((one) => `#include <${one}>\n`).join("")}extern char **environ;\n${source}`;
    const narrow = flags.includes("-m32");
    const own = flags.filter((flag) => flag !== "-m32");
    const args = ["-w", "-o", join(this.dir, name), "-x", "c", "-", ...own, "-lpthread"];
    const compiler = narrow ? "i686-linux-gnu-gcc" : "gcc";
    const { status, stderr } = spawnSync(compiler, args, { input: text, encoding: "utf8" });
    assert.equal(status, 0, stderr);
  }

  run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ""): Ended {
    const { status, signal, stdout, stderr }: SpawnSyncReturns<string> = spawnSync(file, args, {
      cwd: this.dir,
      env: { ...this.#env, LC_ALL: "C", ...env },
      encoding: "latin1",
      input,
      timeout: 60_000,
    });
    return { status, signal, stdout, stderr };
  }

  trace(...args: string[]): Ended {
    return this.run(vzBinary, ["trace", ...args]);
  }

  /** Traces a command that must succeed, and gives the names below the folder that its spec lists, without the folder's. */
  traced(...args: string[]): string[] {
    ok(this.trace(...args));
    return this.own();
  }

  spec(file = "spec"): string[] {
    return readFileSync(join(this.dir, file), "latin1").split("\n").slice(0, -1);
  }

  own(): string[] {
    const prefix = `${this.dir}/`;
    return this.spec().flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  }
}

/** mkdir -p, but for names of any bytes. */
function makeParents(path: Buffer): void {
  if (existsSync(path)) return;
  makeParents(path.subarray(0, path.lastIndexOf(0x2f)));
  mkdirSync(path);
}
