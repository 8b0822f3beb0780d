import assert from "node:assert/strict";
import { test } from "node:test";
import { oomKills } from "../../../../src/slave/runch/cgroup/oom-count.ts";
import { statsJson } from "../../../../src/slave/runch/cgroup/stats.ts";
import { expandList, statsV1 } from "../../../../src/slave/runch/cgroup/stats-v1.ts";
import { statsV2 } from "../../../../src/slave/runch/cgroup/stats-v2.ts";

const files = (texts: Record<string, string>) => (file: string) => texts[file] ?? null;

// figures and forms of Documentation/admin-guide/cgroup-v2.rst
test("version 2 in the form of version 1", () => {
  const stats = statsV2(
    files({
      "cpu.stat":
        "usage_usec 7000\nuser_usec 4000\nsystem_usec 3000\nnr_periods 5\nnr_throttled 2\nthrottled_usec 9",
      "memory.current": "4096",
      "memory.max": "max",
      "memory.peak": "8192",
      "memory.swap.current": "100",
      "memory.swap.max": "0",
      "memory.events": "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1",
      "memory.stat": "anon 1000\nfile 2000\nkernel_stack 16384",
      "pids.current": "2",
      "pids.max": "max",
      "io.stat":
        "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n8:0 rbytes=90430464 rios=8950",
      "hugetlb.2MB.current": "2097152",
      "hugetlb.2MB.events": "max 4",
    }),
  );
  const none = 18446744073709551615n;
  assert.deepEqual(stats, {
    cpu: {
      usage: { total: 7_000_000, kernel: 3_000_000, user: 4_000_000 },
      throttling: { periods: 5, throttledPeriods: 2, throttledTime: 9000 },
    },
    memory: {
      cache: 2000,
      usage: { limit: none, usage: 4096, max: 8192, failcnt: 3 },
      swap: { limit: none, usage: 4196, failcnt: 0 },
      raw: { anon: 1000, file: 2000, kernel_stack: 16384 },
    },
    pids: { current: 2, limit: 0 },
    blkio: {
      ioServiceBytesRecursive: [
        { major: 8, minor: 16, op: "Read", value: 1459200 },
        { major: 8, minor: 16, op: "Write", value: 314773504 },
        { major: 8, minor: 0, op: "Read", value: 90430464 },
      ],
      ioServicedRecursive: [
        { major: 8, minor: 16, op: "Read", value: 192 },
        { major: 8, minor: 16, op: "Write", value: 353 },
        { major: 8, minor: 0, op: "Read", value: 8950 },
      ],
    },
    hugetlb: { "2MB": { usage: 2097152, failcnt: 4 } },
  });
  assert.deepEqual(statsV2(files({})), {});
});

test("swap of version 2 is told with memory, as its limit is", () => {
  const texts = {
    "memory.current": "10",
    "memory.max": "50",
    "memory.swap.current": "5",
    "memory.swap.max": "20",
  };
  const { memory } = statsV2(files(texts)) as { memory: { swap: object } };
  assert.deepEqual(memory.swap, { limit: 70, usage: 15, failcnt: 0 });
});

test("block figures of version 1 are those of the first scheduler that has any", () => {
  const texts = {
    "blkio.bfq.io_service_bytes_recursive": "Total 0",
    "blkio.throttle.io_service_bytes_recursive": "8:0 Read 4096\n8:0 Write 0\n8:0 Total 4096\nTotal 4096",
  };
  assert.deepEqual(statsV1(files(texts)), {
    blkio: {
      ioServiceBytesRecursive: [
        { major: 8, minor: 0, op: "Read", value: 4096 },
        { major: 8, minor: 0, op: "Write", value: 0 },
        { major: 8, minor: 0, op: "Total", value: 4096 },
      ],
    },
  });
  assert.deepEqual(statsV1(files({ "blkio.throttle.io_serviced": "Total 0" })), { blkio: {} });
});

test("ticks of version 1 are hundredths of a second", () => {
  const texts = {
    "cpuacct.usage": "123",
    "cpuacct.stat": "user 3\nsystem 5",
    "cpuacct.usage_percpu": "100 23",
  };
  assert.deepEqual(statsV1(files(texts))["cpu"], {
    usage: { total: 123, percpu: [100, 23], kernel: 50_000_000, user: 30_000_000 },
    throttling: { periods: 0, throttledPeriods: 0, throttledTime: 0 },
  });
});

test("lists of CPUs are spelt out", () => {
  assert.deepEqual(expandList("0-2,5"), [0, 1, 2, 5]);
  assert.deepEqual(expandList(""), []);
});

test("large numbers keep all their digits in JSON", () => {
  assert.equal(
    statsJson({ a: [9223372036854771712n, 1], b: { c: "x", d: undefined } }),
    '{"a":[9223372036854771712,1],"b":{"c":"x"}}',
  );
});

test("kills for want of memory are counted where the kernel counts them", () => {
  assert.equal(oomKills("low 0\nhigh 0\nmax 0\noom 2\noom_kill 1\noom_group_kill 0"), 1);
  assert.equal(oomKills("oom_kill_disable 0\nunder_oom 0\noom_kill 3"), 3);
  assert.equal(oomKills("oom_kill_disable 0\nunder_oom 0"), null);
  assert.equal(oomKills(null), null);
});
