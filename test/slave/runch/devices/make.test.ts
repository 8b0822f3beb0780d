import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceNumber } from "../../../../src/slave/runch/devices/make.ts";

test("device numbers are those of makedev(3)", () => {
  assert.equal(deviceNumber(1, 3), 0x103);
  assert.equal(deviceNumber(8, 0x12345), 0x12300845);
});
