import assert from "node:assert/strict";
import { test } from "node:test";
import { diskFiles } from "../../src/lab/disk/disk-files.ts";
import { labPaths } from "../../src/lab/host/state.ts";
import { sshCommand } from "../../src/lab/ssh-command.ts";
import { keepsCapability } from "../../src/lab/vps/capabilities.ts";
import { parseHierarchies, runnerGroup, vpsGroup } from "../../src/lab/vps/cgroup.ts";
import { meminfo, overlayOptions, readOnlyOverlay } from "../../src/lab/vps/mount-plan.ts";

test("cgroups are found where they are mounted, under v1, v2 and both", () => {
  const v1 =
    "30 24 0:26 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n" +
    "31 24 0:27 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices\n" +
    "32 24 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n";
  const v2 = "33 24 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  assert.deepEqual(parseHierarchies(v1 + v2), {
    memory: "/sys/fs/cgroup/memory",
    devices: "/sys/fs/cgroup/devices",
    systemd: "/sys/fs/cgroup/systemd",
    unified: "/sys/fs/cgroup/unified",
  });
  assert.deepEqual(parseHierarchies(v2), { unified: "/sys/fs/cgroup/unified" });
  assert.deepEqual(parseHierarchies("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"), {});
});

test("no lab's name makes another lab's group", () => {
  assert.notEqual(runnerGroup("a.vps1"), vpsGroup("a", 1));
  assert.notEqual(runnerGroup("a-vps1"), vpsGroup("a", 1));
});

test("an OpenVZ container's root has neither sys_admin nor sys_module but may chroot and mknod", () => {
  assert.ok(!keepsCapability(21, true) && !keepsCapability(16, true) && !keepsCapability(25, true));
  assert.ok(keepsCapability(18, true) && keepsCapability(27, true));
});

test("no VPS at all may load modules or set the clock of the machine, a plain one may mount", () => {
  assert.ok(!keepsCapability(16, false) && !keepsCapability(25, false) && !keepsCapability(17, false));
  assert.ok(keepsCapability(21, false));
});

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

test("a VPS's disk lets the lab's key in and nobody else read it", () => {
  const files = diskFiles(2, "sysv", "ssh-ed25519 AAAA lab\n");
  const keys = files.find((file) => file.path === "/root/.ssh/authorized_keys");
  assert.deepEqual([keys?.mode, keys?.text], [0o600, "ssh-ed25519 AAAA lab\n"]);
  assert.equal(files.find((file) => file.path === "/etc/hostname")?.text, "vps2\n");
});

test("ssh takes the lab's key and host keys and asks nothing", () => {
  const words = sshCommand(labPaths("x"), "10.213.0.11", ["ls", "-l"]);
  assert.deepEqual(words.slice(-3), ["root@10.213.0.11", "ls", "-l"]);
  assert.ok(words.includes("UserKnownHostsFile=/run/vz-lab/x/known_hosts"));
  assert.ok(words.includes("StrictHostKeyChecking=yes") && words.includes("BatchMode=yes"));
  assert.equal(words[words.indexOf("-i") + 1], "/run/vz-lab/x/key");
});
