import assert from "node:assert/strict";
import { test } from "node:test";
import { lastLines, readFrom } from "../../../src/slave/container/log-file.ts";

test("the last lines are those asked for, whether or not the last has ended", () => {
  assert.deepEqual(lastLines("a\n\nb\nc", 2), ["b", "c"]);
  assert.deepEqual(lastLines("a\n\nb\nc\n", 2), ["b", "c"]);
  assert.deepEqual(lastLines("a\n\nb\nc", 9), ["a", "", "b", "c"]);
  assert.deepEqual(lastLines("a\nb", 0), []);
  assert.deepEqual(lastLines("", 5), []);
});

test("a log is read from where it ended before, from its start when it was cut since, and never too much of it", () => {
  assert.equal(readFrom(100, 40, 1000), 40);
  assert.equal(readFrom(100, 100, 1000), 100);
  assert.equal(readFrom(100, 101, 1000), 0);
  assert.equal(readFrom(100, 0, 30), 70);
});
