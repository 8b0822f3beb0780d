import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fits,
  type Group,
  groupOf,
  groupOfKind,
  type MachineGroup,
  type NamespaceGroup,
  numbered,
  numbersOf,
  total,
} from "../../../src/lab/host/groups.ts";

const common = { vendors: 2, init: "busybox", memory: 64, base: "/base" } as const;
const limits = { openvz: false, kernel: null, only32: false, only64: false };
const namespaces: NamespaceGroup = {
  kind: "namespace",
  arch: "i386",
  count: 3,
  limits,
  memoryLimited: true,
  ...common,
};
const machines: MachineGroup = {
  kind: "vm",
  arch: "i386",
  count: 2,
  kernel: "6.1",
  accelerator: "tcg",
  boot: "/k",
  ...common,
};
const groups: readonly Group[] = [namespaces, machines];

test("VPSes are numbered through all groups", () => {
  assert.equal(total(groups), 5);
  assert.deepEqual(numbersOf(groups, machines), [4, 5]);
  assert.equal(groupOf(groups, 3), namespaces);
  assert.equal(groupOf(groups, 4), machines);
  assert.throws(() => groupOf(groups, 6), RangeError);
  assert.deepEqual(
    numbered(groups).map(([i, { kind }]) => `${i} ${kind}`),
    ["1 namespace", "2 namespace", "3 namespace", "4 vm", "5 vm"],
  );
});

test("what is asked for is another group when kind, architecture, kernel or limits differ, and only then", () => {
  assert.equal(groupOfKind(groups, { ...machines, count: 7, memory: 128, init: "sysv" }), machines);
  assert.equal(groupOfKind(groups, { ...machines, arch: "amd64" }), undefined);
  assert.equal(groupOfKind(groups, { ...machines, kernel: "5.10" }), undefined);
  assert.equal(groupOfKind(groups, { ...namespaces, limits: { ...limits, only64: true } }), undefined);
  assert.equal(groupOfKind(groups, { ...namespaces, limits: { ...limits } }), namespaces);
});

test("a group of this kind is what is asked for when number, vendors, init and memory are the same", () => {
  assert.ok(fits(machines, { ...machines }));
  for (const other of [{ count: 1 }, { vendors: 1 }, { init: "sysv" }, { memory: 65 }] as const)
    assert.ok(!fits(machines, { ...machines, ...other }));
});
