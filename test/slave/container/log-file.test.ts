import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { logSize, tailLog } from "../../../src/slave/container/log-file.ts";

const directory = mkdtempSync(join(tmpdir(), "vz-log-"));
after(() => rmSync(directory, { recursive: true }));
let count = 0;
const fresh = (text: string) => {
  const file = join(directory, `${count++}.log`);
  writeFileSync(file, text);
  return file;
};

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
  assert.deepEqual(tailLog(file, 5, 100), []);
  assert.equal(logSize(file), 0);
});

test("a link is not followed", () => {
  const target = fresh("x".repeat(100));
  const link = join(directory, "link.log");
  symlinkSync(target, link);
  assert.throws(() => tailLog(link, 1, 10), { code: "ELOOP" });
});
