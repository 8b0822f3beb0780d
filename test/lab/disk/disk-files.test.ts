import assert from "node:assert/strict";
import { test } from "node:test";
import { diskFiles } from "../../../src/lab/disk/disk-files.ts";

test("a VPS's disk lets the lab's key in and nobody else read it", () => {
  const files = diskFiles(2, "sysv", "ssh-ed25519 AAAA lab\n");
  const keys = files.find((file) => file.path === "/root/.ssh/authorized_keys");
  assert.deepEqual([keys?.mode, keys?.text], [0o600, "ssh-ed25519 AAAA lab\n"]);
  assert.equal(files.find((file) => file.path === "/etc/hostname")?.text, "vps2\n");
});
