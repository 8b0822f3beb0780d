import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { base } from "../support/machine.ts";

/** What the base does otherwise than Node, or what Node cannot show; the rest is in test/conformance. */
const dir = mkdtempSync(join(tmpdir(), "vz-base-"));
const program = join(dir, "plays.qbc");

before(() => {
  const made = spawnSync(process.execPath, [
    "scripts/build/base-program.mjs",
    "test/support/base-plays.ts",
    program,
  ]);
  assert.equal(made.status, 0, String(made.stderr));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function run(play: string, env: Record<string, string> = {}): SpawnSyncReturns<string> {
  return spawnSync(base, [program, play], {
    cwd: dir,
    encoding: "utf8",
    timeout: 10_000,
    env: { PATH: "/usr/bin:/bin", ...env },
  });
}

function printed(play: string): unknown {
  const { status, stdout, stderr } = run(play);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

const PLACES: Record<string, string> = {
  main: "main",
  timer: "a timer",
  tick: "a tick",
  immediate: "an immediate",
  microtask: "a microtask",
  rejection: "a promise",
  async: "an async function",
  watch: "a watched descriptor",
  child: "a child's end",
  signal: "a signal",
  statusIsSet: "a timer",
  exitThrows: "an exit listener",
};
for (const [play, place] of Object.entries(PLACES)) {
  test(`an error that nobody caught ends with 70 and one line: ${play}`, () => {
    const { status, stdout, stderr } = run(play);
    assert.equal(status, 70);
    assert.equal(stdout, "");
    assert.match(stderr, /^vz: uncaught (exception|rejection): RangeError: [^\n]+\n$/);
    assert.ok(stderr.endsWith(`boom in ${place}\n`), stderr);
  });
}

test("the stack is printed under VZ_DEBUG=1, with names and lines", () => {
  const { status, stderr } = run("timer", { VZ_DEBUG: "1" });
  assert.equal(status, 70);
  assert.match(stderr, /\n {4}at fail \(base-plays\.js:\d+/);
});

test("whatever is thrown is shown", () => {
  const { status, stderr } = run("notAnError");
  assert.equal(status, 70);
  assert.equal(stderr, "vz: uncaught exception: just text\n");
});

test("a handler of uncaught errors that returns does not save the process", () => {
  const { status, stdout, stderr } = run("handlerReturns");
  assert.deepEqual([status, stdout, stderr], [70, '"boom in a timer"\n', ""]);
});

test("a handler that throws itself ends with 70 too", () => {
  const { status, stderr } = run("handlerThrows");
  assert.equal(status, 70);
  assert.match(stderr, /boom in the handler/);
});

test("names that are not UTF-8 keep their bytes through arguments, environment, files and children", async () => {
  const folder = join(dir, "names");
  mkdirSync(folder);
  const name = Buffer.from([0x61, 0xff, 0xfe, 0xc3, 0xa4, 0xed, 0xa0, 0x80]);
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), "found");
  // a shell makes the bytes: Node itself would turn them into U+FFFD
  const octal = Array.from(name, (byte) => `\\${byte.toString(8)}`).join("");
  const script = `name=$(printf '${octal}'); NAME=$name exec "$0" "$1" names "$name"`;
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", script, base, program], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  const renamed = Buffer.concat([name, Buffer.from("+")]);
  const listed = Buffer.concat([Buffer.from("./"), renamed, Buffer.from("\n")]);
  // a, five bytes that stand alone, ä
  assert.deepEqual(JSON.parse(stdout), [
    7,
    "found",
    true,
    true,
    renamed.toString("hex"),
    listed.toString("hex"),
  ]);
});

test("a number of stat that a double cannot hold is an error, and right as a BigInt", () => {
  assert.deepEqual(printed("stats"), [
    "RangeError: ino 1152921504606846977 is above 2^53: ask for it with {bigint: true}",
    "RangeError: dev 9007199254740993 is above 2^53: ask for it with {bigint: true}",
    "RangeError: size 4611686018427387904 is above 2^53: ask for it with {bigint: true}",
    true,
    "1152921504606846977n",
    "9007199254740993n",
    "4611686018427387904n",
    "1152921504606846977",
  ]);
});

test("two directories change places at once", () => {
  assert.deepEqual(printed("exchange"), [
    ["in-other"],
    ["in-one"],
    "Error: ENOENT: no such file or directory, renameat2 'one' -> 'none'",
  ]);
});

test("BigInts are printed right, those too that fill their limbs of 32 bits", () => {
  assert.deepEqual(printed("bigints"), [
    "3000000000",
    "2147483648",
    "4294967295",
    "9007199254740992",
    "9223372036854775808",
    "8000000000000001",
  ]);
});

test("a directory that cannot be made is given up, though its parents are there", () => {
  assert.equal(printed("mkdirInProc"), "Error: ENOENT: no such file or directory, mkdir '/proc/self/x'");
});

test("what is not offered is absent or said aloud, never ignored", () => {
  assert.deepEqual(printed("notOffered"), [
    "Error: fs.readFileSync: option signal is not offered here",
    "Error: child_process: option shell is not offered here",
    "Error: process event beforeExit is not offered here",
    "Error: fs.rmdirSync: option recursive is not offered here",
    "undefined",
    "undefined",
  ]);
});

/** The words in backticks of the page's paragraph that begins with `start`. */
function documented(start: string): string[] {
  const page = readFileSync("docs/node-api.md", "utf8");
  const paragraph = page.slice(page.indexOf(start) + start.length).split("\n\n")[0] ?? "";
  return Array.from(paragraph.matchAll(/`(\w+)`/g), (match) => match[1] ?? "").sort();
}

test("the globals and the members of process are those that docs/node-api.md lists", () => {
  const [globals, members] = printed("members") as [string[], string[]];
  // most are put in by the bundler, where they are named: the program would not run without one of them
  assert.deepEqual(globals, documented("\n## Globals\n"));
  const own = new Set(members.filter((name) => name !== "constructor"));
  assert.deepEqual([...own].sort(), documented("\nMembers: "));
});

test("a reader that went away is an error event of standard output, not a signal", async () => {
  const child = spawn(base, [program, "brokenPipe"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let errors = "";
  child.stderr.on("data", (part) => {
    errors += String(part);
  });
  const [code, signal] = await once(child, "close");
  assert.deepEqual([code, signal, errors], [0, null, "write EPIPE\n"]);
});
