import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hierarchies } from "../../../../src/slave/runch/cgroup/hierarchies.ts";
import { planCgroupMount } from "../../../../src/slave/runch/cgroup/mount.ts";

const v1: Hierarchies = [
  { version: 1, mountPoint: "/sys/fs/cgroup/cpu,cpuacct", controllers: ["cpu", "cpuacct"], own: "/me" },
  { version: 1, mountPoint: "/sys/fs/cgroup/systemd", controllers: ["name=systemd"], own: null },
];
const v2: Hierarchies = [{ version: 2, mountPoint: "/sys/fs/cgroup/unified", controllers: [], own: "" }];
const dirs = [...v1, ...v2].map(({ mountPoint }) => `${mountPoint}/web`);
const ask = (type: "cgroup" | "cgroup2", ownCgroupNamespace: boolean) => ({ type, ownCgroupNamespace });

test("version 1 is a tmpfs with a directory for each hierarchy, and links for controllers that share one", () => {
  assert.deepEqual(planCgroupMount([...v1, ...v2], dirs, ask("cgroup", false)), [
    { kind: "tmpfs", to: "", data: "mode=755" },
    { kind: "bind", to: "cpu,cpuacct", from: "/sys/fs/cgroup/cpu,cpuacct/web" },
    { kind: "symlink", to: "cpu", target: "cpu,cpuacct" },
    { kind: "symlink", to: "cpuacct", target: "cpu,cpuacct" },
    { kind: "bind", to: "systemd", from: "/sys/fs/cgroup/systemd/web" },
  ]);
});

test("in a cgroup namespace the hierarchies are mounted anew, or else bound", () => {
  const steps = planCgroupMount(v1, dirs, ask("cgroup", true));
  assert.deepEqual(steps[1], {
    kind: "mount",
    to: "cpu,cpuacct",
    type: "cgroup",
    source: "cgroup",
    data: "cpu,cpuacct",
    otherwise: "/sys/fs/cgroup/cpu,cpuacct/web",
  });
});

test("without a cgroup of the container's the one that it stays in is seen", () => {
  assert.deepEqual(planCgroupMount(v1, [], ask("cgroup", false)).slice(1, 2), [
    { kind: "bind", to: "cpu,cpuacct", from: "/sys/fs/cgroup/cpu,cpuacct/me" },
  ]);
  assert.equal(planCgroupMount(v1, [], ask("cgroup", false)).length, 4);
});

test("version 2 is one mount, for either type where there is no other", () => {
  const place = "/sys/fs/cgroup/unified/web";
  const mount = { kind: "mount", to: "", type: "cgroup2", source: "cgroup", data: "", otherwise: place };
  assert.deepEqual(planCgroupMount(v2, [place], ask("cgroup", true)), [mount]);
  assert.deepEqual(planCgroupMount([...v1, ...v2], [place], ask("cgroup2", true)), [mount]);
  assert.deepEqual(planCgroupMount(v2, [place], ask("cgroup2", false)), [
    { kind: "bind", to: "", from: place },
  ]);
});

test("without cgroups there is nothing to mount", () => {
  assert.deepEqual(planCgroupMount([], [], ask("cgroup", true)), []);
  assert.deepEqual(planCgroupMount(v1, [], ask("cgroup2", true)), []);
});
