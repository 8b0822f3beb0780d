import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceNumber, deviceNumbers } from "../../src/common/device-numbers.ts";

test("device numbers are those of makedev(3)", () => {
  assert.equal(deviceNumber(1, 3), 0x103);
  assert.equal(deviceNumber(8, 0x12345), 0x12300845);
});

test("major and minor come back out of them, large ones too", () => {
  for (const [major, minor] of [
    [1, 3],
    [8, 256],
    [259, 0x12345],
    [0xfff, 0xfffff],
    [0x12345, 0],
  ] as const)
    assert.deepEqual(deviceNumbers(deviceNumber(major, minor)), { major, minor });
});
