import assert from "node:assert/strict";
import { test } from "node:test";
import { type MachineFiles, parseHierarchies } from "../../../../src/slave/runch/cgroup/hierarchies.ts";

/** A machine on which each mount is what mountinfo says, but for those that are covered. */
function machine(
  files: Record<string, string> = {},
  covered: Record<string, string> = {},
  mountinfo = "",
): MachineFiles {
  const devices = new Map(
    mountinfo.split("\n").map((line) => [line.split(" ")[4] ?? "", line.split(" ")[2] ?? ""]),
  );
  return {
    read: (path) => files[path] ?? null,
    device: (path) => covered[path] ?? devices.get(path) ?? null,
  };
}

// the example lines of proc(5) and cgroups(7), made into whole machines
const SYSTEMD_V1 = `24 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
31 24 0:27 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
32 31 0:28 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw
33 31 0:29 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,name=systemd
36 31 0:32 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:15 master:3 - cgroup cgroup rw,cpu,cpuacct
37 31 0:33 / /sys/fs/cgroup/memory rw,nosuid shared:16 - cgroup cgroup rw,memory`;

test("version 1 with joined controllers, a name, and version 2 beside it", () => {
  const cgroup =
    "12:memory:/user.slice\n4:cpu,cpuacct:/\n3:pids:/a\n1:name=systemd:/user.slice/x\n0::/user.slice/x\n";
  assert.deepEqual(parseHierarchies(SYSTEMD_V1, cgroup, machine({}, {}, SYSTEMD_V1)), [
    { version: 2, mountPoint: "/sys/fs/cgroup/unified", controllers: [], own: "/user.slice/x" },
    { version: 1, mountPoint: "/sys/fs/cgroup/systemd", controllers: ["name=systemd"], own: "/user.slice/x" },
    { version: 1, mountPoint: "/sys/fs/cgroup/cpu,cpuacct", controllers: ["cpu", "cpuacct"], own: "" },
    { version: 1, mountPoint: "/sys/fs/cgroup/memory", controllers: ["memory"], own: "/user.slice" },
  ]);
});

test("version 2 alone has the controllers that its mount point can hand down", () => {
  const mountinfo = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";
  const files = machine(
    { "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n" },
    {},
    mountinfo,
  );
  assert.deepEqual(parseHierarchies(mountinfo, "0::/init.scope\n", files), [
    {
      version: 2,
      mountPoint: "/sys/fs/cgroup",
      controllers: ["cpuset", "cpu", "io", "memory", "pids"],
      own: "/init.scope",
    },
  ]);
});

test("all controllers in one hierarchy, as Linux 2.6.32 has it", () => {
  const mountinfo =
    "20 15 0:17 / /cgroup rw,relatime - cgroup none rw,net_cls,freezer,devices,cpuacct,cpu,cpuset";
  const cgroup = "1:net_cls,freezer,devices,cpuacct,cpu,cpuset:/";
  const [one] = parseHierarchies(mountinfo, cgroup, machine({}, {}, mountinfo));
  assert.deepEqual([one?.mountPoint, one?.own, one?.controllers.length], ["/cgroup", "", 6]);
});

test("in a container the own cgroup is counted from the mount's root", () => {
  const mountinfo = "30 23 0:26 /docker/4f /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids";
  const own = (path: string) =>
    parseHierarchies(mountinfo, `5:pids:${path}`, machine({}, {}, mountinfo))[0]?.own;
  assert.equal(own("/docker/4f"), "");
  assert.equal(own("/docker/4f/a"), "/a");
  assert.equal(own("/docker/4fa"), null);
  assert.equal(own("/elsewhere"), null);
});

test("of several mounts the one that shows our own cgroup, and none that another covers", () => {
  const mountinfo = `30 23 0:26 /x /a rw - cgroup cgroup rw,pids
31 23 0:26 / /b rw - cgroup cgroup rw,pids
32 23 0:26 / /c\\040d rw - cgroup cgroup rw,pids`;
  const find = (covered: Record<string, string>) =>
    parseHierarchies(mountinfo, "5:pids:/y", machine({}, { "/c d": "0:26", ...covered }, mountinfo))[0]
      ?.mountPoint;
  assert.equal(find({}), "/b");
  assert.equal(find({ "/b": "8:1" }), "/c d");
});

test("a machine without cgroups has none", () => {
  assert.deepEqual(parseHierarchies("24 0 8:1 / / rw - ext4 /dev/sda1 rw\n", "", machine()), []);
});
