/**
 * ldd-trace's search for libraries against the loaders' own, by ldd(1), on every trusted program and library of this
 * system; and ldd-trace on files that nobody would trust.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Elf } from "../../src/common/elf/elf.ts";
import { HostFiles } from "../../src/trace/elf/host-files.ts";
import { LibraryPath } from "../../src/trace/elf/loader-path.ts";
import { type Seen, Walker } from "../../src/trace/names/walk.ts";
import { makeElf } from "../support/elf.ts";
import { vzBinary } from "../support/machine.ts";

// In memory, where there is such a place: a chroot is written to disk before it counts as made.
const top = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "vz-ldd-"));
after(() => rmSync(top, { recursive: true, force: true }));

const files = new HostFiles(new Walker("", lookWithNode));

function lookWithNode(path: string): Seen | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (stat.isSymbolicLink()) return { type: "link", target: readlinkSync(path) };
  return { type: stat.isDirectory() ? "directory" : stat.isFile() ? "file" : "other" };
}

/** What ldd has libraries loaded by. */
const LOADERS: Readonly<Record<string, string>> = {
  "32 i386": "/lib/ld-linux.so.2",
  "64 amd64": "/lib64/ld-linux-x86-64.so.2",
  "64 arm64": "/lib/ld-linux-aarch64.so.1",
};
/** Files that ldd is asked about at once. */
const BATCH = 100;
/** Plugins of one directory that are compared: hundreds of converters of character sets need the same. */
const PLUGINS = 60;

function below(directory: string, depth: number): string[] {
  let entries: string[];
  try {
    entries = readdirSync(directory);
  } catch {
    return [];
  }
  return entries.flatMap((name) => {
    const path = `${directory}/${name}`;
    const stat = lstatSync(path);
    if (stat.isDirectory()) return depth > 0 ? below(path, depth - 1) : [];
    return stat.isFile() ? [path] : [];
  });
}

function plugins(): string[] {
  const counts = new Map<string, number>();
  return ["/usr/lib", "/usr/lib32", "/usr/libexec"]
    .flatMap((directory) => below(directory, 5))
    .filter((path) => /\.so(\.|$)/.test(path))
    .filter((path) => {
      const directory = path.slice(0, path.lastIndexOf("/"));
      const count = (counts.get(directory) ?? 0) + 1;
      counts.set(directory, count);
      return count <= PLUGINS;
    });
}

/** Dynamic files of this system's architecture family. */
function subjects(): [path: string, elf: Elf, loader: string][] {
  const names = [...below("/usr/bin", 0), ...below("/usr/sbin", 0), ...plugins()];
  return names.flatMap((path) => {
    const elf = files.elf(path);
    if (elf === null || elf.type === "other" || (elf.interpreter === null && elf.needed.length === 0))
      return [];
    // What this kernel may not run (x32), its loader tells nothing of.
    const known = LOADERS[`${elf.class} ${elf.machine}`];
    const loader = known === undefined ? undefined : (elf.interpreter ?? known);
    return loader === undefined || files.real(loader) === null ? [] : [[path, elf, loader]];
  });
}

/** Real names of libraries, and "NAME: not found", by the file. */
function askLoaders(paths: readonly string[]): Map<string, Set<string>> {
  const answers = new Map<string, Set<string>>();
  for (let at = 0; at < paths.length; at += BATCH) {
    // A first name that is none makes ldd head each answer with its file, also a single one.
    const { stdout } = spawnSync("ldd", ["/", ...paths.slice(at, at + BATCH)], {
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 1 << 26,
    });
    let answer = new Set<string>();
    for (const line of stdout.split("\n")) {
      const head = /^(\/.*):$/.exec(line)?.[1];
      if (head !== undefined) {
        answer = new Set();
        answers.set(head, answer);
      }
      const [, name, path] = /^\t(\S+) => (not found|\/.*?)(?: \(0x\w+\))?$/.exec(line) ?? [];
      // What is needed by a path is told without an arrow, as the loader is.
      const direct = /^\t(\/.*) \(0x\w+\)$/.exec(line)?.[1];
      if (direct !== undefined) answer.add(realpathSync(direct));
      if (name === undefined || path === undefined) continue;
      answer.add(path.startsWith("not found") ? `${name}: not found` : realpathSync(path));
    }
  }
  return answers;
}

test("the libraries of every program and plugin of this system are those that ldd tells", () => {
  if (spawnSync("ldd", ["--version"]).status !== 0) {
    console.log("skipped: ldd is not installed");
    return;
  }
  const all = subjects();
  const answers = askLoaders(all.map(([path]) => path));
  const path = new LibraryPath(files);
  const differences: string[] = [];
  let compared = 0;
  for (const [name, elf, loader] of all) {
    const theirs = answers.get(name);
    if (theirs === undefined) continue;
    compared++;
    const loaderFile = files.real(loader);
    const ours = new Set(
      path
        .needed(name, elf, loader)
        .map((one) => (one.found === null ? `${one.name}: not found` : (files.real(one.found) ?? one.found)))
        .filter((one) => one !== loaderFile),
    );
    const more = [...ours].filter((one) => !theirs.has(one));
    const less = [...theirs].filter((one) => !ours.has(one) && one !== loaderFile);
    if (more.length + less.length > 0) differences.push(`${name}: +[${more.join(" ")}] -[${less.join(" ")}]`);
  }
  console.log(`compared ${compared} files of ${all.length}`);
  assert.deepEqual(differences, []);
  assert.ok(compared > 50);
});

/** The same numbers in every run: a linear congruential generator. */
function* numbers(): Generator<number> {
  for (let state = 20_251_126n; ; ) {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % (1n << 64n);
    yield Number(state >> 33n);
  }
}

const random = numbers();
function below32(limit: number): number {
  return Number(random.next().value) % limit;
}

/** Seeds: both classes, both kinds of note, a real program. */
function seeds(): Uint8Array[] {
  const interpreter = "/lib64/ld-linux-x86-64.so.2";
  const dlopen = JSON.stringify([{ soname: ["libz.so.1"], priority: "required" }]);
  return [
    readFileSync("/usr/bin/true"),
    makeElf({ class: 64, machine: 62, interpreter, needed: ["libc.so.6", "libz.so.1"], dlopen }),
    makeElf({
      class: 32,
      machine: 3,
      interpreter: "/lib/ld-linux.so.2",
      needed: ["libc.so.6"],
      rpath: "$ORIGIN/x",
    }),
    makeElf({ class: 64, machine: 62, needed: ["libc.so.6"], runpath: "/usr/$LIB", abi: [0, 3, 2, 0] }),
  ];
}

/** Places where a number matters: the header, the program headers, dynamic sections. */
function mutate(seed: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(seed);
  const view = new DataView(bytes.buffer);
  const limit = below32(2) === 0 ? Math.min(1024, bytes.length) : bytes.length;
  for (let left = 1 + below32(12); left > 0; left--) {
    const at = 4 + below32(limit - 12);
    const value =
      [0, 0xff, 0x7fffffff, 0xffffffff, 0x80000000, below32(256), below32(2 ** 31)][below32(7)] ?? 0;
    if (below32(2) === 0) view.setUint8(at, value);
    else view.setUint32(at, value, true);
  }
  return below32(4) === 0 ? bytes.subarray(0, below32(bytes.length)) : bytes;
}

test("two thousand broken ELF files: each ends soon, in little memory, with a chroot or with one line", () => {
  const program = join(top, "program");
  const all = seeds();
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    const bytes = mutate(all[i % all.length] ?? new Uint8Array(0));
    writeFileSync(program, bytes, { mode: 0o755 });
    const limited = ["--as=134217728", "--cpu=5", vzBinary, "ldd", "-o", "spec", "root", "./program"];
    const { status, signal, stderr } = spawnSync("prlimit", limited, { cwd: top, encoding: "latin1" });
    const about = `case ${i}: status ${status} ${signal}\n${stderr}`;
    assert.ok(signal === null && [0, 1, 65].includes(status ?? -1), about);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not reach a terminal
    assert.doesNotMatch(stderr, /[\x00-\x09\x0b-\x1f\x7f]/, about);
    if (status === 0) continue;
    refused++;
    assert.match(stderr, /^vz: [^\n]+\n(hint: [^\n]+\n)?$/, about);
  }
  console.log(`${refused} of 2000 were refused`);
  assert.ok(refused > 50);
});
