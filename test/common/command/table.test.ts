import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatSpan, table } from "../../../src/common/command/table.ts";

test("columns line up and nothing trails", () => {
  assert.equal(table(["HOST", "PID"], [["web1", "7"]]), "HOST  PID\nweb1  7\n");
});

test("a table fits the terminal: the widest column gives way", () => {
  const text = table(["A", "B"], [["x".repeat(50), "short"]], 30);
  for (const line of text.split("\n")) assert.ok(line.length <= 30, line);
  assert.match(text, /x…\s+short/);
});

test("control characters of a slave do not reach the terminal", () => {
  assert.equal(table(["A"], [["\u001b[2Jx\u0007"]]), "A\n?[2Jx?\n");
});

test("sizes and spans read as people write them", () => {
  assert.deepEqual([0, 1023, 1536, 10 * 1024 * 1024, 300 * 1024 ** 3].map(formatBytes), [
    "0 B",
    "1023 B",
    "1.5 KB",
    "10.0 MB",
    "300 GB",
  ]);
  assert.deepEqual([5, 300, 7200, 864_000].map(formatSpan), ["5s", "5m", "2h", "10d"]);
});
