import assert from "node:assert/strict";
import { test } from "node:test";
import { DISK_MEGABYTES, needRoom } from "../../../src/lab/vm/image.ts";

test("disks that have no room are refused with what there is and what they may take", () => {
  const count = 10_000_000;
  assert.throws(() => needRoom("/", count), {
    status: 71,
    message: new RegExp(
      `^/: has \\d+ MB free, ${count} disks of ${DISK_MEGABYTES} MB may take ${count * DISK_MEGABYTES}$`,
    ),
  });
  needRoom("/", 0);
});
