import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { cutLog, logSize, tailLog } from "../../../src/slave/container/log-file.ts";

const directory = mkdtempSync(join(tmpdir(), "vz-log-"));
after(() => rmSync(directory, { recursive: true }));
let count = 0;
const fresh = (text: string) => {
  const file = join(directory, `${count++}.log`);
  writeFileSync(file, text);
  return file;
};

test("a log within its limit is left alone", () => {
  const file = fresh("a\nb\n");
  cutLog(file, 4);
  assert.equal(readFileSync(file, "utf8"), "a\nb\n");
});

test("a longer log is cut to whole lines of its newest half", () => {
  const file = fresh("1111\n2222\n3333\n4444\n5555\n");
  cutLog(file, 20);
  // Half of 20 reaches back to the end of "3333\n"; the first whole line behind is the fifth.
  assert.equal(readFileSync(file, "utf8"), "5555\n");
  assert.ok(statSync(file).size <= 10);
});

test("the bound holds for a log without line ends too", () => {
  const file = fresh("x".repeat(100_000));
  cutLog(file, 1000);
  assert.equal(readFileSync(file, "utf8"), "x".repeat(500));
});

test("who appends to the log goes on behind what was kept", () => {
  const file = fresh("old\n".repeat(1000));
  const writer = openSync(file, "a");
  cutLog(file, 100);
  writeSync(writer, "new\n");
  const lines = readFileSync(file, "utf8").split("\n");
  assert.deepEqual(lines.slice(-3), ["old", "new", ""]);
  assert.ok(!readFileSync(file, "latin1").includes("\0"), "no hole");
});

test("the last lines are those asked for, whether or not the last has ended", () => {
  const file = fresh("a\n\nb\nc");
  assert.deepEqual(tailLog(file, 2, 1000), ["b", "c"]);
  assert.deepEqual(tailLog(file, 9, 1000), ["a", "", "b", "c"]);
  assert.deepEqual(tailLog(file, 0, 1000), []);
  appendFileSync(file, "\n");
  assert.deepEqual(tailLog(file, 1, 1000), ["c"]);
});

test("lines from an offset on are told, all of them when the log has been cut since", () => {
  const file = fresh("before\nafter\n");
  assert.deepEqual(tailLog(file, 9, 1000, 7), ["after"]);
  assert.deepEqual(tailLog(file, 9, 1000, 13), []);
  assert.deepEqual(tailLog(file, 9, 1000, 14), ["before", "after"]);
});

test("no log is an empty log", () => {
  const file = join(directory, "none.log");
  cutLog(file, 1);
  assert.deepEqual(tailLog(file, 5, 100), []);
  assert.equal(logSize(file), 0);
});

test("a link is not followed", () => {
  const target = fresh("x".repeat(100));
  const link = join(directory, "link.log");
  symlinkSync(target, link);
  assert.throws(() => cutLog(link, 10), { code: "ELOOP" });
  assert.equal(statSync(target).size, 100);
});
