import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { leftBehind } from "../../../src/master/wire/observe.ts";
import { readLastSeen, writeLastSeen } from "../../../src/master/wire/state-dir.ts";
import { sampleFleet, sampleRow } from "../../support/fleet-sample.ts";

test("what runs on hosts that left the file is told once, when it is forgotten", (t) => {
  const stateDir = join(mkdtempSync(join(tmpdir(), "vz-test-")), ".vz");
  t.after(() => rmSync(dirname(stateDir), { recursive: true }));
  const both = { ...sampleFleet, stateDir };
  assert.deepEqual(
    [
      ...writeLastSeen(
        both,
        new Map([
          ["a", [sampleRow]],
          ["b", [sampleRow]],
        ]),
      ),
    ],
    [],
  );
  const less = { ...both, hosts: both.hosts.slice(0, 1) };
  const gone = writeLastSeen(less, new Map());
  assert.deepEqual(leftBehind(gone), [
    "note: b is no longer in the fleet file: what ran there is left as it is: web-1",
  ]);
  assert.deepEqual([...readLastSeen(less).keys()], ["a"]);
  assert.deepEqual([...writeLastSeen(less, new Map())], []);
  assert.deepEqual(leftBehind(new Map([["b", [{ ...sampleRow, state: "stopped" }]]])), []);
});
