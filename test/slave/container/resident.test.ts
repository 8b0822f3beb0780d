import assert from "node:assert/strict";
import { test } from "node:test";
import { parseResident } from "../../../src/slave/container/resident.ts";

const ROLLUP = `08048000-bfc1e000 ---p 00000000 00:00 0          [rollup]
Rss:                1324 kB
Pss:                1210 kB
Shared_Clean:       1100 kB
`;
const SMAPS = `08048000-08049000 r-xp 00000000 08:01 12   /bin/a
Size:                  4 kB
Rss:                   4 kB
Pss:                   1 kB
b7700000-b7701000 rw-p 00000000 00:00 0
Size:                120 kB
Rss:                  60 kB
`;

test("memory is that of all mappings, told as a sum or one by one", () => {
  assert.equal(parseResident(ROLLUP), 1324 * 1024);
  assert.equal(parseResident(SMAPS), 64 * 1024);
});

test("a process that ends while it is read tells of none", () => {
  assert.equal(parseResident(""), undefined);
});
