import assert from "node:assert/strict";
import { test } from "node:test";
import { isRunner } from "../../../src/slave/container/processes.ts";

test("a runner of a bundle is known by its words, and by no other bundle's", () => {
  const bundle = "/var/lib/vz/containers/web";
  assert.ok(isRunner(["/usr/local/bin/runch", "start", bundle], bundle));
  assert.ok(isRunner(["/usr/local/bin/vz", "runch", "start", bundle], bundle));
  assert.ok(!isRunner(["/usr/local/bin/runch", "start", `${bundle}-2`], bundle));
  assert.ok(!isRunner(["/bin/cat", "start", bundle], bundle));
  assert.ok(!isRunner([], bundle));
});
