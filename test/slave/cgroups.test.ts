import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCgroups } from "../../src/slave/cgroups.ts";

const CGROUPS =
  "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\ncpuacct\t1\t1\t1\nmemory\t4\t26\t1\n";

test("v1 controllers are those of mounted hierarchies, not names and options of mounts", () => {
  const mounts = [
    "tmpfs /sys/fs/cgroup tmpfs ro,nosuid 0 0",
    "cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0",
    "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0",
    "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0",
  ].join("\n");
  assert.deepEqual(parseCgroups(mounts, CGROUPS), { v1: ["cpu", "cpuacct"], v2: null });
});

test("the unified hierarchy is found beside v1, and alone", () => {
  const alone = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nsdelegate 0 0\n";
  assert.deepEqual(parseCgroups(alone, CGROUPS), { v1: [], v2: "/sys/fs/cgroup" });
  const hybrid = `${alone.replace("cgroup ", "cgroup/unified ")}none /cg cgroup rw,memory 0 0\n`;
  assert.deepEqual(parseCgroups(hybrid, CGROUPS), { v1: ["memory"], v2: "/sys/fs/cgroup/unified" });
});

test("a kernel without cgroups has none", () => {
  assert.deepEqual(parseCgroups("rootfs / rootfs rw 0 0\n", ""), { v1: [], v2: null });
});
