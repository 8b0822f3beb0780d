/** runtime-spec runtime.md, "Kill"; runc-kill(8). */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { oci, topic } from "../support/oci.ts";
import { assertFails, until } from "../support/oci-test.ts";

/** A program that ends with `status` at `signal`, and says "ready" before. */
const catcher = (signal: number, status: number) => ({
  args: ["probe", "catch", String(signal), String(status)],
});

topic("kill", () => {
  for (const word of ["TERM", "SIGTERM", "15", "sigterm", "term"]) {
    oci(`kill ID ${word} sends that signal`, {}, async (t) => {
      const c = await t.up(catcher(15, 0));
      await until("it to listen", () => c.output() === "ready\n");
      await t.ok("kill", c.id, word);
      await t.becomes(c.id, "stopped");
    });
  }

  oci("kill without a signal sends TERM", {}, async (t) => {
    const c = await t.up(catcher(15, 0));
    await until("it to listen", () => c.output() === "ready\n");
    await t.ok("kill", c.id);
    await t.becomes(c.id, "stopped");
  });

  oci("another signal than the one that is awaited does not end the program", {}, async (t) => {
    const c = await t.up({ args: ["sh", "-c", "trap : USR1; echo ready; while :; do sleep 0.05; done"] });
    await until("it to listen", () => c.output() === "ready\n");
    await t.ok("kill", c.id, "USR1");
    await sleep(100);
    assert.equal((await t.state(c.id)).status, "running");
  });

  for (const word of ["35", "RTMIN+1"]) {
    oci(`kill ID ${word} sends that real-time signal`, {}, async (t) => {
      const c = await t.up(catcher(35, 0));
      await until("it to listen", () => c.output() === "ready\n");
      await t.ok("kill", c.id, word);
      await t.becomes(c.id, "stopped");
    });
  }

  oci("a signal that does not exist is refused", {}, async (t) => {
    const c = await t.up();
    for (const word of ["BOGUS", "-1", "99999", "9x"]) assertFails(await t.cli(["kill", c.id, word]), 64);
    assert.equal((await t.state(c.id)).status, "running");
  });

  oci("a created container can be killed", {}, async (t) => {
    const c = await t.create();
    await t.ok("kill", c.id, "KILL");
    await t.becomes(c.id, "stopped");
  });

  oci("kill of a stopped container is an error", {}, async (t) => {
    const c = await t.up({ args: ["true"] });
    await t.becomes(c.id, "stopped");
    assertFails(await t.cli(["kill", c.id, "KILL"]), 1, /not running|stopped/);
  });

  oci("kill --all reaches all processes of the container", {}, async (t) => {
    const c = await t.up({ args: ["sh", "-c", "sleep 1001 & setsid sleep 1002 & exec sleep 1000"] });
    await until("three processes", () => t.processes(c.bundle).length === 3);
    await t.ok("kill", "--all", c.id, "KILL");
    await until("their end", () => t.processes(c.bundle).length === 0);
    await t.becomes(c.id, "stopped");
  });

  oci("kill --all with a harmless signal harms nobody", {}, async (t) => {
    const c = await t.up({ args: ["sh", "-c", "setsid sleep 1002 & exec sleep 1000"] });
    await until("two processes", () => t.processes(c.bundle).length === 2);
    await t.ok("kill", "-a", c.id, "CONT");
    assert.equal(t.processes(c.bundle).length, 2);
  });

  oci("kill reaches the first process alone", { profiles: ["chroot"] }, async (t) => {
    const c = await t.up({ args: ["sh", "-c", "setsid sleep 1002 & exec sleep 1000"] });
    await until("two processes", () => t.processes(c.bundle).length === 2);
    await t.ok("kill", c.id, "KILL");
    await t.becomes(c.id, "stopped");
    assert.equal(t.processes(c.bundle).length, 1);
    await t.ok("kill", "--all", c.id, "KILL");
    await until("its end", () => t.processes(c.bundle).length === 0);
  });

  oci("kill without an id, or with too much, is an error", {}, async (t) => {
    assertFails(await t.cli(["kill"]), 64);
    const c = await t.create();
    assertFails(await t.cli(["kill", c.id, "TERM", "more"]), 64);
    assertFails(await t.cli(["kill", "--nosuch", c.id]), 64);
  });
});
