import assert from "node:assert/strict";
import { test } from "node:test";
import { isVolume, splitVolume } from "../../../src/common/contract/volume.ts";

test("a volume is a name and a plain path, parted by the first colon", () => {
  assert.deepEqual(splitVolume("store:/data:x"), { name: "store", path: "/data:x" });
  assert.deepEqual(splitVolume("store"), { name: "", path: "store" });
  for (const volume of ["store:/data", "a-1:/srv/x:y"]) assert.ok(isVolume(volume), volume);
  for (const volume of [
    "",
    ":/data",
    "store",
    "store:",
    "store:data",
    "store:/",
    "store:/a/../b",
    "../x:/data",
  ])
    assert.ok(!isVolume(volume), volume);
});
