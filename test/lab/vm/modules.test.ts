import assert from "node:assert/strict";
import { test } from "node:test";
import { dependencies, loadOrder, moduleName } from "../../../src/lab/vm/modules.ts";

test("modules come behind what they depend on, each once; what is built in is left out", () => {
  const graph: Record<string, string[]> = {
    virtio_pci: ["virtio", "virtio_ring"],
    virtio_ring: ["virtio"],
    virtio: [],
    virtio_blk: ["virtio", "virtio_ring", "crc16"],
  };
  const order = loadOrder(["virtio_pci", "virtio_blk", "crc32c_generic"], (name) => graph[name]);
  assert.deepEqual(order, ["virtio", "virtio_ring", "virtio_pci", "virtio_blk"]);
});

test("a module is known by one name, whatever its file is called", () => {
  assert.equal(moduleName("kernel/drivers/char/hw_random/virtio-rng.ko"), "virtio_rng");
  assert.equal(moduleName("mbcache"), "mbcache");
});

test("dependencies are read from .modinfo", () => {
  const module = (text: string) => new TextEncoder().encode(`\x7fELF\0license=GPL\0${text}\0name=x\0`);
  assert.deepEqual(dependencies(module("depends=net-failover,virtio")), ["net_failover", "virtio"]);
  assert.deepEqual(dependencies(module("depends=")), []);
});
