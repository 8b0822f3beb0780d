/** runtime-spec runtime.md, "Delete"; runc-delete(8). */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { oci, topic } from "../support/oci.ts";
import { assertFails, until } from "../support/oci-test.ts";

topic("delete", () => {
  oci("delete of a container that runs is an error and has no effect", {}, async (t) => {
    const c = await t.up();
    assertFails(await t.cli(["delete", c.id]), 1, /running|not stopped/);
    assert.equal((await t.state(c.id)).status, "running");
  });

  oci("delete --force ends a container that runs", {}, async (t) => {
    const c = await t.up();
    await t.ok("delete", "--force", c.id);
    assert.deepEqual(t.processes(c.bundle), []);
    assertFails(await t.cli(["state", c.id]), 1);
  });

  oci("delete takes a created container away", {}, async (t) => {
    // runtime.md has it be an error; runc and crun both do it, and engines rely on that
    const c = await t.create();
    await t.ok("delete", c.id);
    await until("its end", () => t.processes(c.bundle).length === 0);
    assertFails(await t.cli(["state", c.id]), 1);
  });

  oci("delete --force of a created container leaves no process", {}, async (t) => {
    const c = await t.create();
    await t.ok("delete", "-f", c.id);
    await until("its end", () => t.processes(c.bundle).length === 0);
  });

  oci("delete --force of an unknown id is no error", {}, async (t) => {
    await t.ok("delete", "--force", "nosuch");
  });

  oci("delete --force also ends what has left the session", {}, async (t) => {
    const c = await t.up({ args: ["sh", "-c", "setsid sleep 1001 & setsid sleep 1002 & exec sleep 1000"] });
    await until("three processes", () => t.processes(c.bundle).length === 3);
    await t.ok("delete", "--force", c.id);
    await until("their end", () => t.processes(c.bundle).length === 0);
  });

  oci("delete --force ends a program that ignores signals", {}, async (t) => {
    const c = await t.up({
      args: ["sh", "-c", "trap '' TERM INT HUP; echo ready; while :; do sleep 0.05; done"],
    });
    await until("it to listen", () => c.output() === "ready\n");
    await t.ok("delete", "--force", c.id);
    await until("its end", () => t.processes(c.bundle).length === 0);
  });

  oci(
    "delete of a container that has ended harms no other, whatever numbers the kernel uses again",
    {},
    async (t) => {
      // the kernel gives the number of a namespace that is gone to the next one
      const ended = await Promise.all([
        t.up({ args: ["true"] }),
        t.up({ args: ["true"] }),
        t.up({ args: ["true"] }),
      ]);
      for (const { id } of ended) await t.becomes(id, "stopped");
      const others = await Promise.all([t.up(), t.up(), t.up()]);
      for (const { id } of ended) await t.ok("delete", "--force", id);
      for (const { id } of others) assert.equal((await t.state(id)).status, "running");
    },
  );

  oci("containers that start while others are deleted by force live on", {}, async (t) => {
    let old = await Promise.all(Array.from({ length: 6 }, () => t.up()));
    for (let round = 0; round < 4; round++) {
      const fresh = old.map(() => t.up());
      await Promise.all(old.map(({ id }) => t.ok("delete", "--force", id)));
      old = await Promise.all(fresh);
      for (const { id } of old) assert.equal((await t.state(id)).status, "running");
    }
  });

  oci("kill --all of a container that has ended harms no other", {}, async (t) => {
    const one = await t.up({ args: ["true"] });
    await t.becomes(one.id, "stopped");
    const others = await Promise.all([t.up(), t.up(), t.up()]);
    await t.cli(["kill", "--all", one.id, "KILL"]);
    for (const { id } of others) assert.equal((await t.state(id)).status, "running");
  });

  oci("delete removes nothing of the bundle", {}, async (t) => {
    const c = await t.up({ args: ["touch", "/kept"] });
    await t.becomes(c.id, "stopped");
    await t.ok("delete", c.id);
    assert.ok(existsSync(join(c.bundle.rootfs, "kept")));
    assert.ok(existsSync(join(c.bundle.path, "config.json")));
  });

  oci("delete without an id is an error", {}, async (t) => {
    assertFails(await t.cli(["delete"]), 64);
  });

  const options = {
    except: { crun: "crun 1.8.1 takes paths for ids, and empties the folders that they name" },
  };
  for (const id of ["..", ".", "../x", "/abs", "a/b", "", "x\ny", "a%b"]) {
    oci(
      `the id ${JSON.stringify(id)} is refused by every command before anything is touched`,
      options,
      async (t) => {
        const c = await t.up();
        const bundle = t.bundle();
        const lines = [
          ["create", "-b", bundle.path, id],
          ["run", "-b", bundle.path, id],
          ["state", id],
          ["kill", id],
          ["delete", "--force", id],
        ];
        for (const line of lines) assertFails(await t.cli(line), 64);
        assert.equal((await t.state(c.id)).status, "running");
        assert.ok(existsSync(t.root));
      },
    );
  }
});
