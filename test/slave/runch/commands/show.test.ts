import assert from "node:assert/strict";
import { test } from "node:test";
import { listTable, ociState, ociStatus } from "../../../../src/slave/runch/commands/show.ts";
import { sampleState } from "../../../support/state-sample.ts";

test("state is told in the specification's words", () => {
  assert.deepEqual((["restarting", "failed", "running", "created"] as const).map(ociStatus), [
    "creating",
    "stopped",
    "running",
    "created",
  ]);
  assert.equal(ociState(sampleState, "stopped").pid, 0);
  assert.equal(ociState(sampleState, "running").pid, 42);
  const [header, row] = listTable([ociState(sampleState, "running")]).split("\n");
  assert.match(header ?? "", /^ID {2,}PID {2,}STATUS {2,}BUNDLE {2,}CREATED {2,}OWNER$/);
  assert.match(row ?? "", /^web {2,}42 {2,}running {2,}\/b {2,}2026-01-01T00:00:00\.000Z {3}root$/);
});
