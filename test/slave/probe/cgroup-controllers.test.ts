import assert from "node:assert/strict";
import { test } from "node:test";
import { controllersOf } from "../../../src/slave/probe/cgroup-controllers.ts";

test("controllers are told by version, and a hierarchy's name is none", () => {
  const one = (version: 1 | 2, controllers: string[]) => ({
    version,
    controllers,
    mountPoint: "/m",
    own: "",
  });
  assert.deepEqual(controllersOf([one(1, ["name=systemd"]), one(1, ["cpu", "cpuacct"])]), {
    v1: ["cpu", "cpuacct"],
    v2: null,
  });
  assert.deepEqual(controllersOf([one(2, [])]), { v1: [], v2: [] });
  assert.deepEqual(controllersOf([]), { v1: [], v2: null });
});
