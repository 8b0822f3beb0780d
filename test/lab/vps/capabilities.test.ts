import assert from "node:assert/strict";
import { test } from "node:test";
import { keepsCapability } from "../../../src/lab/vps/capabilities.ts";

test("an OpenVZ container's root has neither sys_admin nor sys_module but may chroot and mknod", () => {
  assert.ok(!keepsCapability(21, true) && !keepsCapability(16, true) && !keepsCapability(25, true));
  assert.ok(keepsCapability(18, true) && keepsCapability(27, true));
});

test("no VPS at all may load modules or set the clock of the machine, a plain one may mount", () => {
  assert.ok(!keepsCapability(16, false) && !keepsCapability(25, false) && !keepsCapability(17, false));
  assert.ok(keepsCapability(21, false));
});
