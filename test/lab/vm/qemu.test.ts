import assert from "node:assert/strict";
import { test } from "node:test";
import { machines } from "../../../src/lab/vm/machine.ts";
import { qemuArguments } from "../../../src/lab/vm/qemu.ts";

const parts = {
  name: "vps2",
  memory: 64,
  accelerator: "tcg",
  kernel: "/k/linux",
  initramfs: "/d/initramfs",
  image: "/d/a,b.img",
  tap: "vzl4-2",
  hardwareAddress: "02:76:7a:04:00:02",
} as const;

/** The values behind an option. */
function values(words: readonly string[], option: string): string[] {
  return words.flatMap((word, at) => (word === option ? [words[at + 1] ?? ""] : []));
}

test("a machine has its memory, its disk and its link, and no other device", () => {
  const words = qemuArguments(machines.i386, parts);
  assert.ok(words.includes("-nodefaults"));
  assert.deepEqual(values(words, "-m"), ["64M"]);
  assert.deepEqual(values(words, "-drive"), ["if=none,id=disk,format=raw,cache=writeback,file=/d/a,,b.img"]);
  assert.deepEqual(values(words, "-netdev"), ["tap,id=net,ifname=vzl4-2,script=no,downscript=no"]);
  assert.ok(values(words, "-device").some((device) => device.includes("mac=02:76:7a:04:00:02")));
});

test("software emulation is held to a bound of this machine's memory", () => {
  assert.match(values(qemuArguments(machines.i386, parts), "-accel")[0] ?? "", /^tcg,tb-size=\d+$/);
});

test("a reboot is qemu's own: it does not end with it", () => {
  assert.ok(!qemuArguments(machines.i386, parts).includes("-no-reboot"));
});

test("each architecture has its board, processor and console; with KVM the processor is this machine's", () => {
  const arm = qemuArguments(machines.arm64, parts);
  assert.deepEqual(values(arm, "-machine"), ["virt"]);
  assert.match(values(arm, "-append")[0] ?? "", /^console=ttyAMA0 /);
  assert.deepEqual(values(arm, "-cpu"), ["cortex-a57"]);
  const kvm = qemuArguments(machines.amd64, { ...parts, accelerator: "kvm" });
  assert.deepEqual([values(kvm, "-accel"), values(kvm, "-cpu")], [["kvm"], ["host"]]);
});
