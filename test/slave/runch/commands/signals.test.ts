import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSignal } from "../../../../src/slave/runch/commands/signals.ts";

test("signals go by name or number", () => {
  const numbers = { SIGTERM: 15, SIGKILL: 9 };
  assert.deepEqual(
    ["TERM", "SIGTERM", "term", "15", "KILL", "34"].map((text) => parseSignal(text, numbers)),
    [15, 15, 15, 15, 9, 34],
  );
  for (const text of ["BOGUS", "65", "", "-9", "constructor"]) {
    assert.throws(() => parseSignal(text, numbers), { status: 64 });
  }
});
