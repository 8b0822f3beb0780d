import assert from "node:assert/strict";
import { test } from "node:test";
import { checkUsage, withCurrent } from "../../../../src/slave/runch/cgroup/update.ts";
import {
  parseBytes,
  resourcesFrom,
  updateOptions,
} from "../../../../src/slave/runch/cgroup/update-options.ts";

const none = () => assert.fail("reads no file");

test("each option is a field of linux.resources", () => {
  const values = {
    "blkio-weight": "100",
    "cpu-period": "1000",
    "cpu-quota": "-1",
    "cpu-burst": "5",
    "cpu-rt-period": "7",
    "cpu-rt-runtime": "6",
    "cpu-share": "512",
    "cpu-idle": "1",
    "cpuset-cpus": "0-1",
    "cpuset-mems": "0",
    memory: "64M",
    "memory-reservation": "32m",
    "memory-swap": "-1",
    "kernel-memory": "1G",
    "kernel-memory-tcp": "1k",
    "pids-limit": "20",
  };
  assert.deepEqual(resourcesFrom(values, none), {
    blockIO: { weight: 100 },
    cpu: {
      period: 1000,
      quota: -1,
      burst: 5,
      realtimePeriod: 7,
      realtimeRuntime: 6,
      shares: 512,
      idle: 1,
      cpus: "0-1",
      mems: "0",
    },
    memory: { limit: 67108864, reservation: 33554432, swap: -1, kernel: 1073741824, kernelTCP: 1024 },
    pids: { limit: 20 },
  });
  const refused = ["resources", "l3-cache-schema", "mem-bw-schema"];
  const names = updateOptions.map(({ name }) => name).filter((name) => !refused.includes(name));
  assert.deepEqual(names.sort(), Object.keys(values).sort());
});

test("bytes are in powers of 1024", () => {
  const cases = {
    "10": 10,
    "10b": 10,
    "1k": 1024,
    "1kB": 1024,
    "1KiB": 1024,
    "1.5M": 1572864,
    "2 g": 2147483648,
    "1t": 2 ** 40,
  };
  for (const [text, bytes] of Object.entries(cases)) assert.equal(parseBytes(text), bytes, text);
  for (const text of ["", "M", "-2", "1x", "1e9", "99999999p", "0x10"])
    assert.equal(parseBytes(text), null, text);
});

test("a file is read instead of the options, and nothing in it is passed over", () => {
  const from = (text: string) =>
    resourcesFrom({ resources: "-", memory: "5" }, (path) => (path === "-" ? text : none()));
  assert.deepEqual(from('{"memory":{"limit":7}}'), { memory: { limit: 7 } });
  const refused = (text: string, message: string | RegExp) =>
    assert.throws(() => from(text), { message, status: 64 });
  refused("{", /^--resources -: not JSON: /);
  refused("[]", "--resources -: not an object");
  refused('{"memory":{"limit":"7"}}', "--resources -: memory.limit: not a whole number");
  refused('{"memory":{"limits":7}}', "--resources -: unknown: memory.limits");
  refused(
    '{"devices":[{"allow":true}]}',
    "--resources -: devices: cannot be changed while the container is there",
  );
});

test("a wrong command line is named", () => {
  const refused = (values: Record<string, string>, message: string) =>
    assert.throws(() => resourcesFrom(values, none), { message, status: 64 });
  refused({}, "runch update: what is to be changed?");
  refused({ memory: "lots" }, "--memory=lots: not a number of bytes (512M, 1G, -1 for no limit)");
  refused({ "cpu-share": "1.5" }, "--cpu-share=1.5: not a whole number");
  refused({ "blkio-weight": "5" }, "runch update: blockIO.weight: not from 10 to 1000");
  refused({ "l3-cache-schema": "x" }, "--l3-cache-schema: runch does not do resctrl (linux.intelRdt)");
});

test("version 2 keeps the half of a pair that is not changed", () => {
  const now = (files: Record<string, string>) => (file: string) => files[file] ?? null;
  const limited = now({ "memory.max": "100", "cpu.max": "5000 100000" });
  assert.deepEqual(withCurrent({ memory: { swap: 300 }, cpu: { period: 9 } }, limited), {
    memory: { swap: 300, limit: 100 },
    cpu: { period: 9, quota: 5000 },
  });
  const asked = { memory: { swap: 300, limit: 7 }, cpu: { period: 9, quota: 8 } };
  assert.deepEqual(withCurrent(asked, limited), asked);
  const open = now({ "memory.max": "max", "cpu.max": "max 100000" });
  assert.deepEqual(withCurrent({ memory: { swap: 300 }, cpu: { period: 9 } }, open), {
    memory: { swap: 300 },
    cpu: { period: 9 },
  });
});

test("a limit below what is in use is refused where the document asks to look first", () => {
  const read = (file: string) => (file === "memory.current" ? "1000" : null);
  const check = (limit: number, checkBeforeUpdate: boolean) => () =>
    checkUsage({ memory: { limit, checkBeforeUpdate } }, read);
  assert.throws(check(999, true), { message: "memory.limit: 999 is below the 1000 bytes in use", status: 1 });
  for (const fine of [check(999, false), check(1000, true), check(-1, true), check(0, true)]) fine();
});
