import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMemory } from "../../../src/slave/probe/facts.ts";

test("memory is read in bytes, and estimated where the kernel does not tell what is available", () => {
  const old = "MemTotal:  1000 kB\nMemFree:  100 kB\nBuffers:  20 kB\nCached:  30 kB\nSwapCached:  9 kB\n";
  assert.deepEqual(parseMemory(old), { total: 1000 * 1024, available: 150 * 1024 });
  assert.deepEqual(parseMemory(`${old}MemAvailable:  400 kB\n`), {
    total: 1000 * 1024,
    available: 400 * 1024,
  });
});
