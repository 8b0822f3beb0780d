import assert from "node:assert/strict";
import { test } from "node:test";
import { dependsOn } from "../../../src/lab/vm/archives.ts";

test("a Depends field gives the names, the first of alternatives, without versions", () => {
  assert.deepEqual(
    dependsOn(
      "linux-image-6.1.0-50-686 (= 6.1.176-1), kmod, linux-initramfs-tool | initramfs-tools (>= 0.1)",
    ),
    ["linux-image-6.1.0-50-686", "kmod", "linux-initramfs-tool"],
  );
  assert.deepEqual(dependsOn(""), []);
});
