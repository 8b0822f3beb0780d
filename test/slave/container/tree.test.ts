import assert from "node:assert/strict";
import { test } from "node:test";
import { asideOf, readAside } from "../../../src/slave/container/places.ts";
import { mountsBelow } from "../../../src/slave/container/tree.ts";

test("mounts below a directory are found by whole names, with their escapes undone", () => {
  const mounts = [
    "/dev/sda1 / ext4 rw 0 0",
    "proc /b/web/rootfs/proc proc rw 0 0",
    "/dev/sda1 /b/web/rootfs/with\\040space ext4 rw 0 0",
    "/dev/sda1 /b/web-2/rootfs ext4 rw 0 0",
    "/dev/sda1 /b/web ext4 rw 0 0",
    "",
  ].join("\n");
  assert.deepEqual(mountsBelow(mounts, "/b/web"), [
    "/b/web/rootfs/proc",
    "/b/web/rootfs/with space",
    "/b/web",
  ]);
});

test("a bundle that was set aside tells whose it is", () => {
  const [last = ""] = asideOf("a.b", "last").split("/").slice(-1);
  assert.deepEqual(readAside(last), { role: "last", name: "a.b" });
  assert.equal(readAside("web"), undefined);
  assert.equal(readAside(".probe-1"), undefined);
});
