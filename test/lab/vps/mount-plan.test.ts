import assert from "node:assert/strict";
import { test } from "node:test";
import { meminfo, overlayOptions, readOnlyOverlay } from "../../../src/lab/vps/mount-plan.ts";

test("commas and colons in a path do not end an overlay option", () => {
  assert.equal(
    overlayOptions("/a:b", "/c,d", "/w"),
    "lowerdir=/a\\:b,upperdir=/c\\,d,workdir=/w,redirect_dir=on",
  );
  assert.equal(readOnlyOverlay("/u:1", "/l,2"), "ro,lowerdir=/u\\:1:/l\\,2");
});

test("a VPS's memory reads as its limit", () => {
  assert.match(meminfo(65_536), /^MemTotal: +65536 kB$/m);
  assert.match(meminfo(65_536), /^SwapTotal: +0 kB$/m);
});
