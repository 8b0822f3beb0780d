import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkArgv } from "../../../src/trace/check/argv.ts";
import { compareEnds, compareOutput } from "../../../src/trace/check/compare-runs.ts";
import { firstDifference } from "../../../src/trace/check/first-difference.ts";
import { LookupLog } from "../../../src/trace/check/lookup-log.ts";
import type { StraceEnd } from "../../../src/trace/watch/run.ts";

const top = mkdtempSync(join(tmpdir(), "vz-check-test-"));
after(() => rmSync(top, { recursive: true, force: true }));

function file(name: string, bytes: string): string {
  const path = join(top, name);
  writeFileSync(path, bytes, "latin1");
  return path;
}

test("the log tells what the program looked for in vain, from its own start on", () => {
  const log = new LookupLog();
  log.take([
    '7 execve("/proc/1/exe", [...], 0x1 /* 3 vars */) = 0',
    '7 openat(AT_FDCWD</w>, "/run/vz/x", O_RDONLY) = -1 ENOENT (No such file or directory)',
    '7 execve("/usr/bin/p", [...], 0x1 /* 3 vars */) = 0',
    '7 openat(AT_FDCWD</w>, "/etc/a", O_RDONLY) = -1 ENOENT (No such file or directory)',
    '7 openat(AT_FDCWD</w>, "/etc/a", O_RDONLY) = -1 ENOENT (No such file or directory)',
    '8 newfstatat(3</d\\76x>, "r\\"\\303\\274", 0x7, 0) = -1 ENOENT (No such file or directory)',
    '8 openat(5</gone>(deleted), "b", O_RDONLY) = -1 ENOENT (No such file or directory)',
    '8 stat("c", 0x7) = -1 ENOTDIR (Not a directory)',
    '8 open("/there", O_RDONLY) = 3</there>',
    '8 open("/closed", O_RDONLY) = -1 EACCES (Permission denied)',
    "8 +++ exited with 0 +++",
  ]);
  assert.equal(log.main, "7");
  assert.deepEqual(log.failed, [
    { call: "openat", name: "/etc/a", base: "/w" },
    { call: "newfstatat", name: 'r"\xc3\xbc', base: "/d>x" },
    { call: "openat", name: "b", base: "/gone" },
    { call: "stat", name: "c", base: undefined },
  ]);
});

test("a call whose line was cut in two is read as one", () => {
  const log = new LookupLog();
  log.take([
    '7 execve("/x", [...]) = 0',
    '7 execve("/p", [...]) = 0',
    '7 openat(3</d>, "a", O_RDONLY <unfinished ...>',
  ]);
  log.take(['8 stat("/b", {...}) = 0', "7 <... openat resumed>) = -1 ENOENT (No such file or directory)"]);
  assert.deepEqual(log.failed, [{ call: "openat", name: "a", base: "/d" }]);
});

test("a program that was never executed did not start", () => {
  const log = new LookupLog();
  log.take(['7 execve("/x", [...]) = 0', '7 execve("/p", [...]) = -1 ENOENT (No such file or directory)']);
  assert.equal(log.started, false);
  assert.deepEqual(log.failed, []);
});

test("files differ from a line on, or not at all", () => {
  const long = "x".repeat(70_000);
  const cases = [
    ["a\nb\nc\n", "a\nB\nc\n", { line: 2, texts: ["b", "B"] }],
    ["a\n", "a\nb\n", { line: 2, texts: [undefined, "b"] }],
    ["", "\n", { line: 1, texts: [undefined, ""] }],
    [`${long}\ny\n`, `${long}\nz\n`, { line: 2, texts: ["y", "z"] }],
    [`${long}1`, `${long}2`, { line: 1, texts: ["x".repeat(120), "x".repeat(120)] }],
    [`${long}\n`, `${long}\n`, undefined],
    ["", "", undefined],
  ] as const;
  for (const [one, other, expected] of cases)
    assert.deepEqual(firstDifference(file("one", one), file("other", other)), expected);
});

test("an output that differs is shown by its line, on one line", () => {
  const here = { file: file("here", "same\n\u001b[2J\n"), bytes: 11 };
  const there = { file: file("there", "same\n"), bytes: 5 };
  assert.deepEqual(compareOutput("stdout", here, there), [
    'stdout differs in line 2: "?[2J" here, nothing more there',
  ]);
  assert.deepEqual(compareOutput("stdout", here, { ...here, bytes: 12 }), [
    "stdout: 11 bytes here, 12 there",
  ]);
  assert.deepEqual(compareOutput("stdout", here, here), []);
});

const ended: StraceEnd = {
  started: 0,
  fileTime: 0,
  ended: 1,
  code: 0,
  signal: null,
  outcome: "none",
  forwarded: new Set(),
};

test("ends are the same where the statuses are, however the signal was passed on", () => {
  assert.deepEqual(compareEnds(ended, ended, false), []);
  assert.deepEqual(compareEnds(ended, { ...ended, code: 3 }, false), [
    "exit status 0 here, exit status 3 there",
  ]);
  const killed = { ...ended, code: null, signal: "SIGTERM" };
  assert.deepEqual(compareEnds(killed, { ...ended, code: 143 }, false), []);
  assert.deepEqual(compareEnds(ended, { ...killed, outcome: "stopped" }, false), [
    "it has not ended there, and was stopped",
  ]);
});

test("of a daemon that is stopped counts only that it came up", () => {
  const here: StraceEnd = { ...ended, outcome: "stopped" };
  assert.deepEqual(compareEnds(here, { ...here, code: 9 }, true), []);
  assert.equal(compareEnds(here, { ...here, outcome: "late" }, true).length, 1);
  assert.deepEqual(compareEnds(here, { ...ended, code: 1 }, true), [
    "exit status 1 there before it was stopped",
  ]);
});

test("the check shows calls that fail, and has strace's filter only where the trace had it", () => {
  const argv = checkArgv("/b", "/log", false);
  assert.ok(!argv.includes("--seccomp-bpf") && checkArgv("/b", "/log", true).includes("--seccomp-bpf"));
  assert.ok(!argv.some((word) => word.startsWith("status=") || word === "-z"));
  assert.deepEqual(argv.slice(-3), ["runch", "start", "/b"]);
});
