import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hierarchies } from "../../../../src/slave/runch/cgroup/hierarchies.ts";
import { cgroupDirectories, planCgroup } from "../../../../src/slave/runch/cgroup/plan.ts";
import { readResources } from "../../../../src/slave/runch/cgroup/resources.ts";
import { Shortfalls } from "../../../../src/slave/runch/shortfalls.ts";

const V1: Hierarchies = [
  { version: 1, mountPoint: "/cg/memory", controllers: ["memory"], own: "/runner" },
  { version: 1, mountPoint: "/cg/cpu,cpuacct", controllers: ["cpu", "cpuacct"], own: "" },
  { version: 1, mountPoint: "/cg/devices", controllers: ["devices"], own: null },
];
const V2: Hierarchies = [
  { version: 2, mountPoint: "/cg", controllers: ["cpu", "memory", "pids"], own: "/machine/runner" },
];

interface Parts {
  cgroupsPath?: string;
  resources?: unknown;
  hierarchies?: Hierarchies;
}

function plan({ cgroupsPath, resources = {}, hierarchies = V1 }: Parts) {
  const short = new Shortfalls("auto");
  const read = readResources(resources, "linux.resources", []);
  const made = planCgroup({ cgroupsPath, id: "web", resources: read, hierarchies }, short);
  const writes = made.limits.map(
    ({ directory, tries }) => `${directory}/${tries[0]?.file}=${tries[0]?.text}`,
  );
  return { ...made, dirs: cgroupDirectories(made), writes, short: short.list };
}

test("nothing asked for makes no cgroup", () => {
  for (const resources of [
    {},
    { devices: [] },
    { devices: [{ allow: true, access: "rwm" }] },
    { devices: [{ allow: false }, { allow: true, type: "a", access: "mrw" }] },
    { memory: {}, cpu: { shares: 0 }, unified: {} },
  ]) {
    const { dirs, short } = plan({ resources });
    assert.deepEqual([dirs, short], [[], []]);
    assert.deepEqual(plan({ resources, hierarchies: [] }).short, []);
  }
});

test("a limit alone makes /ID", () => {
  const { dirs, writes } = plan({ resources: { memory: { limit: 5000 } } });
  assert.deepEqual(dirs, ["/cg/memory/web", "/cg/cpu,cpuacct/web", "/cg/devices/web"]);
  assert.deepEqual(writes, ["/cg/memory/web/memory.limit_in_bytes=5000"]);
});

test("an absolute path begins at the mount point, a relative one at our own cgroup", () => {
  assert.deepEqual(plan({ cgroupsPath: "/a//b/." }).dirs, [
    "/cg/memory/a/b",
    "/cg/cpu,cpuacct/a/b",
    "/cg/devices/a/b",
  ]);
  assert.deepEqual(plan({ cgroupsPath: "a/b" }).dirs, ["/cg/memory/runner/a/b", "/cg/cpu,cpuacct/a/b"]);
  // above ours in version 2, where a cgroup with processes hands nothing down
  assert.deepEqual(plan({ cgroupsPath: "a", hierarchies: V2 }).dirs, ["/cg/machine/a"]);
});

for (const [path, why] of [
  ["../x", "leads out by .."],
  ["/a/../../x", "leads out by .."],
  ["/", "the root of the hierarchy is not a container's"],
  [".", "the root of the hierarchy is not a container's"],
] as const) {
  test(`the path ${path} is refused`, () => {
    assert.throws(() => plan({ cgroupsPath: path }), {
      message: `config.json: linux.cgroupsPath: ${why}`,
      status: 78,
    });
  });
}

test("systemd's form of the path is refused by that name", () => {
  assert.throws(
    () => plan({ cgroupsPath: "user.slice:runc:web" }),
    /is a unit of systemd \(slice:prefix:name\)/,
  );
  assert.throws(() => plan({ cgroupsPath: ":runc:web" }), /is a unit of systemd/);
  assert.equal(plan({ cgroupsPath: "/a:b:c" }).dirs.length, 3);
});

test("without cgroups each limit is told by its name, once, and what asks for none is not", () => {
  const resources = {
    memory: { limit: 5, swap: -1 },
    pids: { limit: 9 },
    cpu: { cpus: "0", quota: -1 },
    hugepageLimits: [
      { pageSize: "2MB", limit: 1 },
      { pageSize: "1GB", limit: 1 },
    ],
    unified: { "memory.high": "5" },
    devices: [{ allow: false, access: "rwm" }],
  };
  const { dirs, short } = plan({ resources, hierarchies: [], cgroupsPath: "/x" });
  assert.deepEqual(dirs, []);
  assert.deepEqual(short, [
    "linux.cgroupsPath (no cgroups here)",
    "linux.resources.memory.limit (no cgroup controller memory here)",
    "linux.resources.cpu.cpus (no cgroup controller cpuset here)",
    "linux.resources.pids.limit (no cgroup controller pids here)",
    "linux.resources.hugepageLimits (no cgroup controller hugetlb here)",
    "linux.resources.unified.memory.high (needs cgroup version 2)",
    "linux.resources.devices (no cgroup controller devices here)",
  ]);
});

test("strict refuses what cannot be had", () => {
  const request = { cgroupsPath: undefined, id: "web", hierarchies: V1 };
  const resources = { pids: { limit: 9 } };
  assert.throws(
    () => planCgroup({ ...request, resources }, new Shortfalls("strict")),
    /linux\.resources\.pids\.limit: no/,
  );
});

test("the unified map is for version 2, and there for controllers that it has", () => {
  const unified = { "memory.high": "5", "io.max": "8:0 rbps=1", "cgroup.max.depth": "2" };
  const { short, writes } = plan({ resources: { unified }, hierarchies: V2 });
  assert.deepEqual(short, ["linux.resources.unified.io.max (no controller io in cgroup version 2 here)"]);
  assert.deepEqual(writes, ["/cg/web/memory.high=5", "/cg/web/cgroup.max.depth=2"]);
});

test("version 1 has a controller before version 2", () => {
  const hybrid: Hierarchies = [
    ...V2.map((one) => ({ ...one, mountPoint: "/cg/unified", controllers: ["pids"] })),
    ...V1,
  ];
  const { writes } = plan({ resources: { memory: { limit: 5 }, pids: { limit: 3 } }, hierarchies: hybrid });
  assert.deepEqual(writes, ["/cg/memory/web/memory.limit_in_bytes=5", "/cg/unified/web/pids.max=3"]);
});

test("devices: written in version 1, a program in version 2", () => {
  const resources = { devices: [{ allow: false, access: "rwm" }] };
  const first = plan({ resources });
  assert.equal(first.devices, null);
  assert.deepEqual(first.writes.slice(0, 3), [
    "/cg/devices/web/devices.deny=a",
    "/cg/devices/web/devices.allow=c *:* m",
    "/cg/devices/web/devices.allow=b *:* m",
  ]);
  const second = plan({ resources, hierarchies: V2 });
  assert.deepEqual([second.devices?.directory, second.writes], ["/cg/web", []]);
});
