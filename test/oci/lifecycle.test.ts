/** runtime-spec runtime.md, "Lifecycle" and "Operations": create, start, run, and what state they leave. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { oci, runtime, topic } from "../support/oci.ts";
import { writeConfig } from "../support/oci-bundle.ts";
import { granted } from "../support/oci-runtimes.ts";
import { assertFails, until } from "../support/oci-test.ts";

topic("lifecycle", () => {
  oci("create makes the container and does not run its program", {}, async (t) => {
    const c = await t.create({ args: ["sh", "-c", "touch /mark; sleep 1000"] });
    assert.equal((await t.state(c.id)).status, "created");
    await sleep(100);
    assert.equal(existsSync(join(c.bundle.rootfs, "mark")), false);
    await t.ok("start", c.id);
    await until("the program to run", () => existsSync(join(c.bundle.rootfs, "mark")));
    assert.equal((await t.state(c.id)).status, "running");
  });

  oci("the pid is the same from create on", {}, async (t) => {
    const c = await t.create();
    assert.equal((await t.state(c.id)).pid, c.pid);
    await t.ok("start", c.id);
    assert.equal((await t.state(c.id)).pid, c.pid);
    await until("the program", () => readlinkSync(`/proc/${c.pid}/exe`).endsWith("/bin/busybox"));
  });

  oci("a change of config.json after create has no effect", {}, async (t) => {
    const c = await t.create({ args: ["sh", "-c", "echo old >/tmp/said; sleep 1000"] });
    writeConfig(c.bundle.path, { args: ["sh", "-c", "echo new >/tmp/said; sleep 1000"] });
    await t.ok("start", c.id);
    const said = join(c.bundle.rootfs, "tmp/said");
    await until("the program", () => existsSync(said) && readFileSync(said, "utf8") !== "");
    assert.equal(readFileSync(said, "utf8"), "old\n");
  });

  oci("start works after config.json is gone", {}, async (t) => {
    const c = await t.create();
    rmSync(join(c.bundle.path, "config.json"));
    await t.ok("start", c.id);
    assert.equal((await t.state(c.id)).status, "running");
  });

  oci("start of a container that runs is an error and changes nothing", {}, async (t) => {
    const c = await t.up();
    assertFails(await t.cli(["start", c.id]), 1, /not created|running/);
    assert.equal((await t.state(c.id)).status, "running");
  });

  oci("start of a container that has stopped is an error", {}, async (t) => {
    const c = await t.up({ args: ["true"] });
    await t.becomes(c.id, "stopped");
    assertFails(await t.cli(["start", c.id]), 1);
  });

  oci("start, state, kill and delete of an id that is unknown are errors", {}, async (t) => {
    for (const verb of ["start", "state", "kill", "delete"]) {
      const result = await t.cli([verb, "nosuch"]);
      assertFails(result, 1, /nosuch/);
    }
  });

  oci("an id that is taken is refused, and the first container stays", {}, async (t) => {
    const c = await t.up();
    for (const verb of ["create", "run"]) {
      const flags = verb === "run" ? ["-d"] : [];
      const again = await t.cli([verb, ...flags, "-b", t.bundle().path, c.id]);
      assertFails(again, 125, /exists|taken|runs already|in use/);
    }
    assert.equal((await t.state(c.id)).pid, c.pid);
    assert.equal((await t.state(c.id)).status, "running");
  });

  oci("an id can be used again after delete", {}, async (t) => {
    const c = await t.up();
    await t.ok("delete", "--force", c.id);
    assert.equal((await t.run({ args: ["true"] }, { id: c.id })).status, 0);
  });

  oci("a container that ends becomes stopped, and delete takes it away", {}, async (t) => {
    const c = await t.up({ args: ["true"] });
    await t.becomes(c.id, "stopped");
    await t.ok("delete", c.id);
    assertFails(await t.cli(["state", c.id]), 1);
  });

  oci("one container's commands leave another alone", {}, async (t) => {
    const [one, two] = await Promise.all([t.up(), t.up()]);
    await t.ok("delete", "--force", one.id);
    assert.equal((await t.state(two.id)).status, "running");
  });

  oci("run in the foreground forgets the container at its end", {}, async (t) => {
    const { status, id } = await t.run();
    assert.equal(status, 0);
    assertFails(await t.cli(["state", id]), 1);
  });

  oci("the exit status is the program's own", {}, async (t) => {
    for (const status of [0, 1, 7, 255])
      assert.equal((await t.run({ args: ["sh", "-c", `exit ${status}`] })).status, status);
  });

  oci("a program that a signal ended gives 128 and the signal's number", {}, async (t) => {
    for (const [signal, status] of [
      ["KILL", 137],
      ["ABRT", 134],
    ] as const) {
      const bundle = t.bundle({ args: ["sh", "-c", ": >/tmp/ready; exec sleep 1000"] });
      const id = t.id();
      const ended = t.run({}, { bundle, id });
      await until("it to run", () => existsSync(join(bundle.rootfs, "tmp/ready")));
      // the first process of a pid namespace is safe from signals that it does not await, but for KILL from outside
      await t.ok("kill", id, granted("pid") ? "KILL" : signal);
      assert.equal((await ended).status, granted("pid") ? 137 : status);
    }
  });

  oci("the bundle is the current directory when no other is named", {}, async (t) => {
    const bundle = t.bundle({ args: ["echo", "here"] });
    const { status, stdout } = await t.cli(["run", t.id()], { cwd: bundle.path });
    assert.deepEqual([status, stdout], [0, "here\n"]);
  });

  oci("the bundle can be a relative path, or one with a slash at its end", {}, async (t) => {
    const bundle = t.bundle({ args: ["echo", "here"] });
    for (const word of ["./" + bundle.path.replace(/^.*\//, ""), `${bundle.path}/`]) {
      const { stdout } = await t.cli(["run", `--bundle=${word}`, t.id()], { cwd: t.dir });
      assert.equal(stdout, "here\n", word);
    }
  });

  oci("a bundle reached by a symbolic link runs", {}, async (t) => {
    const bundle = t.bundle({ args: ["echo", "here"] });
    symlinkSync(bundle.path, `${bundle.path}-link`);
    const { stdout, status } = await t.cli(["run", "-b", `${bundle.path}-link`, t.id()]);
    assert.deepEqual([status, stdout], [0, "here\n"]);
  });

  oci("a bundle that is missing, or has no config.json, is an error", {}, async (t) => {
    assertFails(await t.cli(["run", "-b", t.path(), t.id()]), 125);
    const bundle = t.bundle();
    rmSync(join(bundle.path, "config.json"));
    assertFails(await t.cli(["run", "-b", bundle.path, t.id()]), 125, /config\.json/);
  });

  oci("--pid-file is the pid as the caller sees it", {}, async (t) => {
    const c = await t.create();
    assert.equal(readFileSync(`${c.bundle.path}.pid`, "utf8"), String((await t.state(c.id)).pid));
  });

  oci("--pid-file that cannot be written is an error", {}, async (t) => {
    const flags = ["--pid-file", t.path("no/such/file")];
    const { bundle, ...result } = await t.run({ args: ["touch", "/mark"] }, { flags });
    assertFails(result, 125, /no\/such\/file/);
    // runc and crun start the program before they write the file
    if (runtime === "runch") assert.equal(existsSync(join(bundle.rootfs, "mark")), false, "nothing runs");
  });

  oci("a failed create leaves no container", {}, async (t) => {
    const bundle = t.bundle({ root: { path: "nothing" } });
    const id = t.id();
    assertFails(await t.cli(["create", "-b", bundle.path, id]), 125, /nothing/);
    assertFails(await t.cli(["state", id]), 1);
    // the id is free
    assert.equal((await t.run({}, { id })).status, 0);
  });

  oci("a program that is missing is told by create or start, and never runs", {}, async (t) => {
    const bundle = t.bundle({ args: ["nosuch"] });
    const id = t.id();
    const created = await t.cli(["create", "-b", bundle.path, id]);
    if (created.status === 0) assertFails(await t.cli(["start", id]), 127, /nosuch/);
    else assertFails(created, 127, /nosuch/);
  });

  oci("run -d comes back while the program goes on", {}, async (t) => {
    const c = await t.up({ args: ["sh", "-c", "echo said; sleep 1000"] });
    assert.equal((await t.state(c.id)).status, "running");
    await until("its output", () => c.output() === "said\n");
  });

  oci("run passes signals on to the program", {}, async (t) => {
    for (const [name, number] of [
      ["SIGTERM", 15],
      ["SIGUSR1", 10],
      ["SIGHUP", 1],
      ["SIGINT", 2],
    ] as const) {
      const bundle = t.bundle({
        args: [
          "sh",
          "-c",
          `trap 'exit ${40 + number}' ${number}; : >/tmp/ready; while :; do sleep 0.05; done`,
        ],
      });
      let pid = 0;
      const ended = t.run(
        {},
        {
          bundle,
          started: (child) => {
            pid = child;
          },
        },
      );
      await until("the trap", () => existsSync(join(bundle.rootfs, "tmp/ready")));
      process.kill(pid, name);
      assert.equal((await ended).status, 40 + number, name);
    }
  });

  oci("run --keep leaves the container's state for delete", {}, async (t) => {
    const { status, id } = await t.run({}, { flags: ["--keep"] });
    assert.equal(status, 0);
    assert.equal((await t.state(id)).status, "stopped");
    await t.ok("delete", id);
  });

  oci("--no-pivot, --no-new-keyring and --no-subreaper are taken", {}, async (t) => {
    for (const flag of ["--no-pivot", "--no-new-keyring", "--no-subreaper"])
      assert.equal(await t.output({ args: ["echo", "ran"] }, { flags: [flag] }), "ran\n", flag);
  });

  oci("--config names another file", { only: ["runch", "crun"] }, async (t) => {
    const bundle = t.bundle({ args: ["echo", "one"] });
    const other = t.bundle({ args: ["echo", "two"] });
    const stdout = await t.output({}, { bundle, flags: ["--config", join(other.path, "config.json")] });
    assert.equal(stdout, "two\n");
  });

  oci("--preserve-fds hands that many descriptors down", {}, async (t) => {
    const { fds } = await t.probe({}, { flags: ["--preserve-fds", "2"], fds: [0, 1, 2] });
    assert.deepEqual(fds, [0, 1, 2, 3, 4]);
  });

  oci("LISTEN_FDS hands descriptors down and tells the program", {}, async (t) => {
    // sd_listen_fds(3), and runc-create(8): stdio + $LISTEN_FDS + N in total
    const before = ["sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh"];
    const seen = await t.probe({}, { before, fds: [0] });
    assert.deepEqual(seen.fds, [0, 1, 2, 3]);
    assert.ok(seen.env.includes("LISTEN_FDS=1"), seen.env.join(" "));
    assert.ok(seen.env.includes(`LISTEN_PID=${seen.pid}`), seen.env.join(" "));
  });

  oci("a container whose bundle is gone can be ended and deleted", {}, async (t) => {
    const c = await t.up();
    rmSync(join(c.bundle.path, "config.json"));
    writeFileSync(join(c.bundle.path, "config.json"), "{");
    assert.equal((await t.state(c.id)).status, "running");
    await t.ok("delete", "--force", c.id);
  });
});
