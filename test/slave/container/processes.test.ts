import assert from "node:assert/strict";
import { test } from "node:test";
import { isRunner, parseStat } from "../../../src/slave/container/processes.ts";

const STAT =
  "812 (a b) R) S 1 812 812 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 98765 3000000 57 4294967295 134512640 0 0 0 0 0";

test("a process is read from its stat line, whatever its name holds", () => {
  const read = { pid: 812, group: 812, startTime: 98765 };
  assert.deepEqual(parseStat(STAT, 4096), { ...read, rss: 57 * 4096 });
  // a kernel of arm64 may have larger pages
  assert.deepEqual(parseStat(STAT, 65_536), { ...read, rss: 57 * 65_536 });
});

test("a zombie is no process any more", () => {
  assert.equal(parseStat(STAT.replace("R) S", "R) Z"), 4096), undefined);
  assert.equal(parseStat("", 4096), undefined);
});

test("a runner of a bundle is known by its words, and by no other bundle's", () => {
  const bundle = "/var/lib/vz/containers/web";
  assert.ok(isRunner(["/usr/local/bin/runch", "start", bundle], bundle));
  assert.ok(isRunner(["/usr/local/bin/vz", "runch", "start", bundle], bundle));
  assert.ok(!isRunner(["/usr/local/bin/runch", "start", `${bundle}-2`], bundle));
  assert.ok(!isRunner(["/bin/cat", "start", bundle], bundle));
  assert.ok(!isRunner([], bundle));
});
