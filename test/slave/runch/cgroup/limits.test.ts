import assert from "node:assert/strict";
import { test } from "node:test";
import type { Limit } from "../../../../src/slave/runch/cgroup/limits.ts";
import * as v1 from "../../../../src/slave/runch/cgroup/limits-v1.ts";
import * as v2 from "../../../../src/slave/runch/cgroup/limits-v2.ts";

/** "field: file=text", or "field: why". */
function lines(limits: readonly Limit[]): string[] {
  return limits.map(({ field, tries, why }) => {
    const files = tries.map(({ file, text }) => `${file}=${text}`).join(" or ");
    return `${field.replace("linux.resources.", "")}: ${tries.length > 0 ? files : why}`;
  });
}

test("version 1 memory: kernel limits before processes join, the plain limit before the one with swap", () => {
  const memory = {
    swap: 300,
    limit: 200,
    kernel: 50,
    kernelTCP: 20,
    reservation: 100,
    swappiness: 0,
    useHierarchy: true,
  };
  assert.deepEqual(lines(v1.memoryV1({ memory: { ...memory, disableOOMKiller: true } })), [
    "memory.useHierarchy: memory.use_hierarchy=1",
    "memory.kernel: memory.kmem.limit_in_bytes=50",
    "memory.kernelTCP: memory.kmem.tcp.limit_in_bytes=20",
    "memory.limit: memory.limit_in_bytes=200",
    "memory.swap: memory.memsw.limit_in_bytes=300",
    "memory.reservation: memory.soft_limit_in_bytes=100",
    "memory.swappiness: memory.swappiness=0",
    "memory.disableOOMKiller: memory.oom_control=1",
  ]);
});

test("0 is not set where it cannot be meant, -1 is no limit", () => {
  assert.deepEqual(v1.memoryV1({ memory: { limit: 0, swap: 0, reservation: 0 } }), []);
  assert.deepEqual(v2.memoryV2({ memory: { limit: 0, swap: 0, reservation: 0 } }), []);
  assert.deepEqual(v1.cpuV1({ cpu: { shares: 0, quota: 0, period: 0 } }), []);
  assert.deepEqual(v1.pids({ pids: { limit: 0 } }), []);
  assert.deepEqual(lines(v1.pids({ pids: { limit: -1 } })), ["pids.limit: pids.max=max"]);
  const free = [...v1.memoryV1({ memory: { limit: -1, swap: -1 } }), ...v1.cpuV1({ cpu: { quota: -1 } })];
  assert.ok(free.every((one) => one.free));
  assert.ok(v2.memoryV2({ memory: { limit: -1, swap: -1, kernel: -1 } }).every((one) => one.free));
});

test("no limit of memory takes that with swap along", () => {
  const file = "memory.memsw.limit_in_bytes";
  assert.ok(
    v1.memoryV1({ memory: { limit: -1 } }).some(({ tries, extra }) => extra && tries[0]?.file === file),
  );
  assert.ok(v2.memoryV2({ memory: { limit: -1 } }).some(({ extra }) => extra));
});

test("version 1 cpu: idle ends before shares, the period before the quota, the burst last", () => {
  const cpu = {
    burst: 10,
    quota: 20,
    period: 1000,
    shares: 512,
    idle: 0,
    realtimePeriod: 100,
    realtimeRuntime: 90,
  };
  assert.deepEqual(lines(v1.cpuV1({ cpu })), [
    "cpu.idle: cpu.idle=0",
    "cpu.shares: cpu.shares=512",
    "cpu.period: cpu.cfs_period_us=1000",
    "cpu.quota: cpu.cfs_quota_us=20",
    "cpu.burst: cpu.cfs_burst_us=10",
    "cpu.realtimePeriod: cpu.rt_period_us=100",
    "cpu.realtimeRuntime: cpu.rt_runtime_us=90",
  ]);
});

const blockIO = {
  weight: 500,
  leafWeight: 300,
  weightDevice: [{ major: 8, minor: 16, weight: 10, leafWeight: 20 }],
  throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 600 }],
  throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 0 }],
  throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 30 }],
  throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 40 }],
};

test("version 1 block IO has the names of two schedulers", () => {
  assert.deepEqual(lines(v1.blockV1({ blockIO })), [
    "blockIO.weight: blkio.weight=500 or blkio.bfq.weight=500",
    "blockIO.leafWeight: blkio.leaf_weight=300",
    "blockIO.weightDevice: blkio.weight_device=8:16 10 or blkio.bfq.weight_device=8:16 10",
    "blockIO.weightDevice: blkio.leaf_weight_device=8:16 20",
    "blockIO.throttleReadBpsDevice: blkio.throttle.read_bps_device=8:0 600",
    "blockIO.throttleWriteBpsDevice: blkio.throttle.write_bps_device=8:0 0",
    "blockIO.throttleReadIOPSDevice: blkio.throttle.read_iops_device=8:0 30",
    "blockIO.throttleWriteIOPSDevice: blkio.throttle.write_iops_device=8:0 40",
  ]);
});

test("version 2 block IO: io.max by key, weights in BFQ's scale or the kernel's", () => {
  assert.deepEqual(lines(v2.blockV2({ blockIO })), [
    // 1 + (500 - 10) * 9999 / 990
    "blockIO.weight: io.bfq.weight=500 or io.weight=4950",
    "blockIO.leafWeight: cgroup version 2 has nothing of the kind",
    "blockIO.weightDevice: io.bfq.weight=8:16 10 or io.weight=8:16 1",
    "blockIO.weightDevice: no leaf weights in version 2",
    "blockIO.throttleReadBpsDevice: io.max=8:0 rbps=600",
    "blockIO.throttleWriteBpsDevice: io.max=8:0 wbps=max",
    "blockIO.throttleReadIOPSDevice: io.max=8:0 riops=30",
    "blockIO.throttleWriteIOPSDevice: io.max=8:0 wiops=40",
  ]);
  assert.equal(v2.weightOfBlockWeight(1000), 10000);
});

test("shares become weights by the usual formula, at both ends and at the default", () => {
  assert.deepEqual([2, 1024, 262144, 1, 1e9].map(v2.weightOfShares), [1, 39, 10000, 1, 10000]);
});

test("version 2 memory: swap alone, and what it has not is said", () => {
  const memory = {
    limit: 200,
    swap: 300,
    reservation: 100,
    kernel: 5,
    kernelTCP: 5,
    swappiness: 1,
    disableOOMKiller: true,
  };
  assert.deepEqual(lines(v2.memoryV2({ memory })), [
    "memory.swap: memory.swap.max=100",
    "memory.limit: memory.max=200",
    "memory.reservation: memory.low=100",
    "memory.kernel: version 2 counts it into memory.limit alone",
    "memory.kernelTCP: version 2 counts it into memory.limit alone",
    "memory.swappiness: cgroup version 2 has nothing of the kind",
    "memory.disableOOMKiller: cgroup version 2 has nothing of the kind",
  ]);
  assert.deepEqual(lines(v2.memoryV2({ memory: { limit: -1, swap: -1 } })), [
    "memory.swap: memory.swap.max=max",
    "memory.limit: memory.max=max",
  ]);
  assert.match(lines(v2.memoryV2({ memory: { swap: 300 } }))[0] ?? "", /only if memory\.limit has one/);
  assert.match(lines(v2.memoryV2({ memory: { limit: 400, swap: 300 } }))[0] ?? "", /below memory\.limit/);
});

test("version 2 cpu: quota and period share a file", () => {
  const max = (cpu: object) => lines(v2.cpuV2({ cpu })).map((line) => line.replace("cpu.max=", ""));
  assert.deepEqual(max({ quota: 5000 }), ["cpu.quota: 5000"]);
  assert.deepEqual(max({ period: 1000 }), ["cpu.period: max 1000"]);
  assert.deepEqual(max({ quota: 5000, period: 1000 }), ["cpu.period: 5000 1000", "cpu.quota: 5000"]);
  assert.deepEqual(max({ quota: -1 }), ["cpu.quota: max"]);
  assert.deepEqual(lines(v2.cpuV2({ cpu: { shares: 1024, burst: 7, idle: 1, realtimeRuntime: 5 } })), [
    "cpu.idle: cpu.idle=1",
    "cpu.shares: cpu.weight=39",
    "cpu.burst: cpu.max.burst=7",
    "cpu.realtimeRuntime: cgroup version 2 has nothing of the kind",
  ]);
});

test("huge pages: the limit, and that of reservations where the kernel has it", () => {
  const hugepageLimits = [{ pageSize: "2MB", limit: 4096 }];
  assert.deepEqual(lines(v1.hugetlbV1({ hugepageLimits })), [
    "hugepageLimits: hugetlb.2MB.limit_in_bytes=4096",
    "hugepageLimits: hugetlb.2MB.rsvd.limit_in_bytes=4096",
  ]);
  assert.deepEqual(lines(v2.hugetlbV2({ hugepageLimits: [{ pageSize: "1GB", limit: -1 }] })), [
    "hugepageLimits: hugetlb.1GB.max=max",
    "hugepageLimits: hugetlb.1GB.rsvd.max=max",
  ]);
});

test("network and rdma", () => {
  assert.deepEqual(lines(v1.netClassV1({ network: { classID: 0x100001 } })), [
    "network.classID: net_cls.classid=1048577",
  ]);
  const network = { priorities: [{ name: "eth0", priority: 5 }] };
  assert.deepEqual(lines(v1.netPriorityV1({ network })), ["network.priorities: net_prio.ifpriomap=eth0 5"]);
  const rdma = { mlx4_0: { hcaHandles: 2, hcaObjects: 2000 }, ocrdma1: { hcaObjects: 3 }, none: {} };
  // the line of the kernel's rdma.rst
  assert.deepEqual(lines(v1.rdma({ rdma })), [
    "rdma: rdma.max=mlx4_0 hca_handle=2 hca_object=2000",
    "rdma: rdma.max=ocrdma1 hca_object=3",
  ]);
});

test("a value of the unified map goes in line by line", () => {
  const value = "259:0 rbps=2097152 wiops=120\n253:0 rbps=2097152 wiops=120\n";
  assert.deepEqual(lines(v2.unifiedV2("io.max", value)), [
    "unified.io.max: io.max=259:0 rbps=2097152 wiops=120",
    "unified.io.max: io.max=253:0 rbps=2097152 wiops=120",
  ]);
});
