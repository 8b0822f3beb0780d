import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerStateFile } from "../../../../src/common/contract/container-state.ts";
import { nextRun, pauseAfter } from "../../../../src/slave/runch/life/backoff.ts";
import { sampleState } from "../../../support/state-sample.ts";

test("the pause doubles up to a minute and keeps starts below sysvinit's ten in two minutes", () => {
  assert.deepEqual([0, 1, 2, 3, 6, 7, 8, 1000].map(pauseAfter), [0, 1, 2, 4, 32, 60, 60, 60]);
  let last: ContainerStateFile | null = null;
  const starts: number[] = [];
  for (let now = 0; now < 600_000; ) {
    const { pause, ...counts } = nextRun(last, now, true);
    now += pause * 1000;
    starts.push(now);
    last = { ...sampleState, ...counts, started: new Date(now).toISOString() };
    now += 5;
  }
  const inTwoMinutes = starts.map(
    (at) => starts.filter((other) => other >= at && other < at + 120_000).length,
  );
  assert.ok(Math.max(...inTwoMinutes) < 10, String(inTwoMinutes));
  assert.ok(starts.length > 10);
});

test("a minute of life makes the next start prompt; restarts are counted either way", () => {
  const began = Date.parse(sampleState.started);
  assert.deepEqual(nextRun(sampleState, began + 60_000, true), { restarts: 4, quick: 0, pause: 0 });
  assert.deepEqual(nextRun(sampleState, began + 59_999, true), { restarts: 4, quick: 3, pause: 4 });
  assert.deepEqual(nextRun(sampleState, began + 1, false), { restarts: 4, quick: 3, pause: 0 });
  assert.deepEqual(nextRun(sampleState, began - 5_000, true), { restarts: 4, quick: 3, pause: 4 });
  assert.deepEqual(nextRun(null, began, true), { restarts: 0, quick: 0, pause: 0 });
});
