import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseAccelerator } from "../../../src/lab/vm/accelerator.ts";

test("VZ_LAB_ACCEL chooses without a trial, and takes no other word", () => {
  for (const accelerator of ["kvm", "tcg"]) {
    const choice = chooseAccelerator("i386", { VZ_LAB_ACCEL: accelerator });
    assert.deepEqual(choice, { accelerator, why: "VZ_LAB_ACCEL says so" });
  }
  assert.throws(() => chooseAccelerator("i386", { VZ_LAB_ACCEL: "xen" }), { status: 64, message: /"xen"/ });
});

test("for another processor's machine KVM does not work", () => {
  const foreign = process.arch === "arm64" ? "amd64" : "arm64";
  assert.equal(chooseAccelerator(foreign, {}).accelerator, "tcg");
});
