import assert from "node:assert/strict";
import { test } from "node:test";
import { compareVersions } from "../../src/common/compare-versions.ts";

test("versions are compared as numbers", () => {
  assert.ok(compareVersions("3.10.0-1160.el7", "3.2.0") > 0);
  assert.ok(compareVersions("2.6.32", "3.2.0") < 0);
  assert.equal(compareVersions("3.2.0", "3.2"), 0);
});
