import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkTarget, stageDirectory, withTemporary } from "../../../src/trace/make/stage.ts";
import { Walker } from "../../../src/trace/names/walk.ts";
import { formatSpec, writeSpec } from "../../../src/trace/select/spec.ts";
import { findProgram } from "../../../src/trace/watch/program.ts";
import { straceArgv } from "../../../src/trace/watch/strace-argv.ts";

function inTemporary(run: (directory: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "vz-test-"));
    try {
      await run(directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
  };
}

test("a spec is one name a line, with line breaks inside names written out", () => {
  assert.equal(formatSpec(["/a", "/b\nc", "/d\\e"]), "/a\n/b\\nc\n/d\\e\n");
  assert.equal(formatSpec([]), "");
});

test(
  "a spec holds the bytes of the names, and replaces the old one whole",
  inTemporary((directory) => {
    const file = join(directory, "spec");
    writeFileSync(file, "old");
    writeSpec(file, ["/\xff"]);
    assert.deepEqual([...readFileSync(file)], [0x2f, 0xff, 0x0a]);
    assert.deepEqual(readdirSync(directory), ["spec"]);
    assert.throws(() => writeSpec(directory, []), { status: 64 });
  }),
);

test(
  "a directory that holds files is replaced only by force",
  inTemporary(async (directory) => {
    const target = join(directory, "root");
    const fill = (text: string) => async (at: string) => writeFileSync(join(at, "file"), text);
    await stageDirectory(target, false, fill("one"));
    await assert.rejects(stageDirectory(target, false, fill("two")), {
      status: 64,
      hint: "--force replaces it",
    });
    assert.equal(readFileSync(join(target, "file"), "utf8"), "one");
    await stageDirectory(target, true, fill("three"));
    assert.equal(readFileSync(join(target, "file"), "utf8"), "three");
    assert.deepEqual(readdirSync(directory), ["root"]);
    assert.throws(() => checkTarget(join(target, "file"), true), { status: 64 });
  }),
);

test(
  "what fails leaves nothing, and what a killed run left is swept",
  inTemporary(async (directory) => {
    const target = join(directory, "root");
    // No process has this id: it is above the largest that Linux gives.
    writeFileSync(join(directory, ".root.vz-4194305"), "");
    writeFileSync(join(directory, ".root.vz-notes"), "");
    await assert.rejects(
      withTemporary(target, async () => {
        throw new Error("full");
      }),
      /full/,
    );
    assert.deepEqual(readdirSync(directory), [".root.vz-notes"]);
  }),
);

test(
  "a program is looked for as a shell does, and its absence has a shell's statuses",
  inTemporary((directory) => {
    writeFileSync(join(directory, "run"), "", { mode: 0o755 });
    assert.equal(findProgram("run", `/nowhere:${directory}`), join(directory, "run"));
    assert.equal(findProgram(join(directory, "run"), undefined), join(directory, "run"));
    assert.throws(() => findProgram("run", "/nowhere"), { status: 127, message: "run: command not found" });
    assert.throws(() => findProgram(directory, ""), { status: 126 });
    assert.throws(() => findProgram("", directory), { status: 127 });
    const inside = new Walker(directory);
    assert.throws(() => findProgram("ls", "/bin", "/", inside), {
      message: `ls: command not found in ${directory}`,
    });
  }),
);

test("strace gets the command behind --, and its filter only where it may", () => {
  const argv = straceArgv(["-x", "a b"], "/log", true);
  assert.deepEqual(argv.slice(-5), ["-o", "/log", "--", "-x", "a b"]);
  assert.ok(argv.includes("--seccomp-bpf"));
  assert.ok(!straceArgv(["x"], "/log", false).includes("--seccomp-bpf"));
});
