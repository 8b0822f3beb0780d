import assert from "node:assert/strict";
import { test } from "node:test";
import { readResources } from "../../../../src/slave/runch/cgroup/resources.ts";

function read(value: unknown) {
  const unknown: string[] = [];
  return { resources: readResources(value, "linux.resources", unknown), unknown };
}

/** The example document of the specification's config-linux.md, each field of "Control groups" in it. */
const whole = {
  devices: [
    { allow: false, access: "rwm" },
    { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
    { allow: true, type: "b", major: 8, minor: 0, access: "r" },
  ],
  memory: {
    limit: 536870912,
    reservation: 536870912,
    swap: 536870912,
    kernel: -1,
    kernelTCP: -1,
    swappiness: 0,
    disableOOMKiller: false,
    useHierarchy: true,
    checkBeforeUpdate: true,
  },
  cpu: {
    shares: 1024,
    quota: 1000000,
    burst: 1000000,
    period: 500000,
    realtimeRuntime: 950000,
    realtimePeriod: 1000000,
    cpus: "2-3",
    mems: "0-7",
    idle: 0,
  },
  pids: { limit: 32771 },
  network: {
    classID: 1048577,
    priorities: [
      { name: "eth0", priority: 500 },
      { name: "eth1", priority: 1000 },
    ],
  },
  hugepageLimits: [{ pageSize: "2MB", limit: 9223372036854772000 }],
  blockIO: {
    weight: 10,
    leafWeight: 10,
    weightDevice: [
      { major: 8, minor: 0, weight: 500, leafWeight: 300 },
      { major: 8, minor: 16, weight: 500 },
    ],
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 600 }],
    throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 600 }],
    throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 600 }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 300 }],
  },
  rdma: {
    mlx5_1: { hcaHandles: 3, hcaObjects: 10000 },
    rxe3: { hcaObjects: 10000 },
  },
  unified: {
    "io.max": "259:0 rbps=2097152 wiops=120\n253:0 rbps=2097152 wiops=120",
    "hugetlb.1GB.max": "1073741824",
  },
};

test("every field of the specification is read, none is unknown", () => {
  const { resources, unknown } = read(whole);
  assert.deepEqual(unknown, []);
  // above 2^53 is no limit
  assert.deepEqual(resources, { ...whole, hugepageLimits: [{ pageSize: "2MB", limit: -1 }] });
});

test("an unknown field is handed back by its path", () => {
  const { unknown } = read({
    memory: { limit: 1, color: "red" },
    disk: {},
    devices: [{ allow: true, x: 1 }],
  });
  assert.deepEqual(unknown.sort(), [
    "linux.resources.devices[0].x",
    "linux.resources.disk",
    "linux.resources.memory.color",
  ]);
});

test("null is an absent field", () => {
  assert.deepEqual(read({ memory: null, cpu: { shares: null, quota: 5 } }).resources, { cpu: { quota: 5 } });
});

const WRONG: readonly (readonly [value: unknown, at: string])[] = [
  [{ memory: { limit: "64M" } }, "memory.limit: not a whole number"],
  [{ memory: { limit: -2 } }, "memory.limit: below -1, which stands for no limit"],
  [{ memory: { limit: 1.5 } }, "memory.limit: not a whole number"],
  [{ memory: { swappiness: 101 } }, "memory.swappiness: not from 0 to 100"],
  [{ memory: { useHierarchy: 1 } }, "memory.useHierarchy: neither true nor false"],
  [{ cpu: { shares: -1 } }, "cpu.shares: not a whole number from 0"],
  [{ cpu: { cpus: "0;1" } }, 'cpu.cpus: "0;1" is not a list like 0-3,7'],
  [{ cpu: { idle: 2 } }, "cpu.idle: not from 0 to 1"],
  [{ pids: 5 }, "pids: not an object"],
  [{ blockIO: { weight: 5 } }, "blockIO.weight: not from 10 to 1000"],
  [{ blockIO: { weightDevice: [{ major: 1 }] } }, "blockIO.weightDevice[0].minor: missing"],
  [
    { blockIO: { throttleReadBpsDevice: [{ major: 1, minor: 2 }] } },
    "blockIO.throttleReadBpsDevice[0].rate: missing",
  ],
  [
    { hugepageLimits: [{ pageSize: "../2MB", limit: 1 }] },
    'hugepageLimits[0].pageSize: "../2MB" is not a page size like 2MB',
  ],
  [{ devices: [{ access: "rwm" }] }, "devices[0].allow: missing"],
  [{ devices: [{ allow: true, access: "x" }] }, 'devices[0].access: "x" is not made of r, w, m'],
  [{ devices: [{ allow: true, type: "p" }] }, 'devices[0].type: "p" is not one of a, b, c'],
  [{ devices: [{ allow: true, major: -2 }] }, "devices[0].major: not a device number"],
  [{ network: { classID: 2 ** 32 } }, "network.classID: not from 0 to 4294967295"],
  [
    { network: { priorities: [{ name: "a b", priority: 1 }] } },
    'network.priorities[0].name: "a b" is not an interface',
  ],
  [{ unified: { "../x.y": "1" } }, 'unified: "../x.y" is no name of a control file'],
  [{ unified: { tasks: "1" } }, 'unified: "tasks" is no name of a control file'],
  [{ rdma: { "a b": {} } }, 'rdma: "a b" is no name of a device'],
];
for (const [value, message] of WRONG) {
  test(`refused by name: ${message}`, () => {
    assert.throws(() => read(value), { message: `config.json: linux.resources.${message}`, status: 78 });
  });
}
