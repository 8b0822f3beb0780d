import assert from "node:assert/strict";
import { test } from "node:test";
import { formatState, parseState, statusOf } from "../../../src/common/contract/container-state.ts";
import { sampleState } from "../../support/state-sample.ts";

const stat = (starttime: number, letter = "S", name = "sh") =>
  `42 (${name}) ${letter} 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 ${starttime} 999 1`;

test("the state file is read as it was written, and half of it is nothing", () => {
  assert.deepEqual(parseState(formatState(sampleState)), sampleState);
  assert.equal(parseState(formatState(sampleState).slice(0, -20)), null);
  assert.equal(parseState('{"version":2}'), null);
  assert.equal(parseState("null"), null);
});

test("a pid that now belongs to another process is not the container", () => {
  assert.equal(statusOf(sampleState, stat(777), "boot"), "running");
  assert.equal(statusOf(sampleState, stat(778), "boot"), "stopped");
  assert.equal(statusOf(sampleState, stat(777), "another boot"), "stopped");
  assert.equal(statusOf(sampleState, stat(777, "Z"), "boot"), "stopped");
  assert.equal(statusOf(sampleState, null, "boot"), "stopped");
  assert.equal(statusOf({ ...sampleState, status: "failed" }, null, "boot"), "failed");
});
