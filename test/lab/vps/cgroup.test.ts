import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHierarchies, runnerGroup, vpsGroup } from "../../../src/lab/vps/cgroup.ts";

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
