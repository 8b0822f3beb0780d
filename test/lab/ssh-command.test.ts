import assert from "node:assert/strict";
import { test } from "node:test";
import { labPaths } from "../../src/lab/host/state.ts";
import { sshCommand } from "../../src/lab/ssh-command.ts";

test("ssh takes the lab's key and host keys and asks nothing", () => {
  const words = sshCommand(labPaths("x"), "10.213.0.11", ["ls", "-l"]);
  assert.deepEqual(words.slice(-3), ["root@10.213.0.11", "ls", "-l"]);
  assert.ok(words.includes("UserKnownHostsFile=/run/vz-lab/x/known_hosts"));
  assert.ok(words.includes("StrictHostKeyChecking=yes") && words.includes("BatchMode=yes"));
  assert.equal(words[words.indexOf("-i") + 1], "/run/vz-lab/x/key");
});
