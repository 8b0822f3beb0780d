import assert from "node:assert/strict";
import { test } from "node:test";
import { logLines } from "../../../src/master/commands/logs.ts";

test("log lines cannot drive the terminal", () => {
  assert.deepEqual(logLines("a\tb\r\n\u001b]0;x\u0007\n\u009b1m\n"), ["a\tb", "?]0;x?", "?1m"]);
  assert.deepEqual(logLines(""), []);
});
