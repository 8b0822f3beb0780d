import assert from "node:assert/strict";
import { test } from "node:test";
import { BOOT_SCRIPT, bootScript, inittab } from "../../../src/lab/vps/inittab.ts";

/** Lines that init obeys, in their four fields. */
function entries(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

test("both inits respawn sshd in the foreground and nothing else", () => {
  for (const init of ["sysv", "busybox"] as const) {
    const respawned = entries(inittab(init)).filter((fields) => fields[2] === "respawn");
    assert.deepEqual(
      respawned.map((fields) => fields[3]),
      ["/usr/sbin/sshd -D"],
    );
  }
});

test("both run the boot script first, and it makes the directory that sshd wants", () => {
  for (const init of ["sysv", "busybox"] as const) {
    const first = entries(inittab(init)).find((fields) => fields[2] === "sysinit");
    assert.equal(first?.[3], BOOT_SCRIPT);
  }
  assert.match(bootScript, /^mkdir -p .*\/run\/sshd/m);
  assert.match(bootScript, /^#!\/bin\/sh\n/);
});

test("sysvinit's entries have ids of at most four characters, each once, and a default runlevel that runs sshd", () => {
  const all = entries(inittab("sysv"));
  const ids = all.map((fields) => fields[0] ?? "");
  assert.ok(ids.every((id) => id.length >= 1 && id.length <= 4));
  assert.equal(new Set(ids).size, ids.length);
  const level = all.find((fields) => fields[2] === "initdefault")?.[1] ?? "?";
  assert.ok(all.some((fields) => fields[2] === "respawn" && fields[1]?.includes(level)));
});

test("sysvinit halts in runlevel 0 and reboots in 6", () => {
  const all = entries(inittab("sysv"));
  assert.match(all.find((fields) => fields[1] === "0")?.[3] ?? "", /^\/sbin\/halt /);
  assert.match(all.find((fields) => fields[1] === "6")?.[3] ?? "", /^\/sbin\/reboot /);
});
