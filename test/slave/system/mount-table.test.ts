import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMountPoints, toUnmount } from "../../../src/slave/system/mount-table.ts";

test("mount points below a root are found, spaces in them too, and undone last first", () => {
  const table =
    "proc /r/proc proc rw 0 0\nx /r\\040b/c ext4 rw 0 0\ny /r ext4 rw 0 0\nz /r/a\\040b tmpfs rw 0 0\n";
  assert.deepEqual(parseMountPoints(table, "/r"), ["/r/proc", "/r", "/r/a b"]);
  assert.deepEqual(toUnmount(["/r", "/r/data", "/r", "/r/proc"], ["/r", "/r/data"]), ["/r/proc", "/r"]);
});
