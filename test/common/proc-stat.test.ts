import assert from "node:assert/strict";
import { test } from "node:test";
import { hasEnded, parseProcStat } from "../../src/common/proc-stat.ts";

/** Each field from the fourth on holds its number in proc(5). */
const numbered = Array.from({ length: 49 }, (_, i) => String(i + 4)).join(" ");

test("fields are found by their numbers in proc(5), whatever the program's name holds", () => {
  for (const name of ["sh", "a) R 9 (b", "", "x y"]) {
    assert.deepEqual(parseProcStat(`42 (${name}) S ${numbered}\n`), {
      pid: 42,
      name,
      state: "S",
      parent: 4,
      group: 5,
      terminal: 7,
      foreground: 8,
      user: 14,
      kernel: 15,
      childrenUser: 16,
      childrenKernel: 17,
      starttime: 22,
      rss: 24,
    });
  }
});

test("what is no such line is null", () => {
  for (const text of ["", "rubbish", "42 (sh) S", `x (sh) S ${numbered}`])
    assert.equal(parseProcStat(text), null, text);
});

test("a zombie and a dead process have ended, a stopped one has not", () => {
  const ended = (state: string) => {
    const stat = parseProcStat(`42 (sh) ${state} ${numbered}`);
    assert.ok(stat);
    return hasEnded(stat);
  };
  assert.deepEqual(["Z", "X", "T", "S", "R"].map(ended), [true, true, false, false, false]);
});
