import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { fleetFile, vendorOf } from "../../src/lab/fleet-file.ts";
import type { LabSettings } from "../../src/lab/host/state.ts";

const common = { vendors: 2, init: "sysv", base: "/cache/base" } as const;
const settings: LabSettings = {
  name: "default",
  octet: 5,
  groups: [
    {
      kind: "namespace",
      arch: "i386",
      count: 2,
      memory: 128,
      limits: { openvz: false, kernel: null, only32: false, only64: false },
      memoryLimited: true,
      ...common,
    },
    {
      kind: "vm",
      arch: "amd64",
      count: 1,
      memory: 512,
      kernel: "6.1",
      accelerator: "tcg",
      boot: "/cache/kernel",
      ...common,
    },
  ],
};

test("the fleet file lists every VPS of every group with its address, vendor and memory, and the lab's key", () => {
  assert.deepEqual(parse(fleetFile(settings)), {
    fleet: "lab",
    ssh: { user: "root", key: "/run/vz-lab/default/key", known_hosts: "/run/vz-lab/default/known_hosts" },
    hosts: {
      vps1: { address: "10.213.5.11", port: 22, vendor: "alpha", memory: "128M" },
      vps2: { address: "10.213.5.12", port: 22, vendor: "beta", memory: "128M" },
      vps3: { address: "10.213.5.13", port: 22, vendor: "alpha", memory: "512M" },
    },
  });
});

test("vendors go round in turn", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((i) => vendorOf(i, 3)),
    ["alpha", "beta", "gamma", "alpha", "beta"],
  );
  assert.deepEqual(
    [1, 2].map((i) => vendorOf(i, 1)),
    ["alpha", "alpha"],
  );
});
