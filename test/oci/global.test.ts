/** runc(8), "GLOBAL OPTIONS"; crun(1). */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { oci, runtime, topic } from "../support/oci.ts";
import { execute, runtimeCommand } from "../support/oci-runtimes.ts";
import { assertFails } from "../support/oci-test.ts";

topic("global options", () => {
  oci("--root is where the state is kept, and is made", {}, async (t) => {
    const c = await t.up();
    assert.ok(existsSync(`${t.root}/${c.id}`));
  });

  oci("--root=DIR is --root DIR, and DIR may be relative", {}, async (t) => {
    const bundle = t.bundle({ args: ["echo", "ran"] });
    mkdirSync(t.path("cwd"));
    const words = ["--root=other", "run", "-b", bundle.path, t.id()];
    const { status, stdout, stderr } = await execute([...runtimeCommand, ...words], t.path("o"), {
      cwd: t.path("cwd"),
    });
    assert.deepEqual([status, stdout], [0, "ran\n"], stderr);
  });

  oci("--log gets the errors", {}, async (t) => {
    const log = t.path("log");
    const { status } = await t.run({ root: { path: "nothing" } }, { global: ["--log", log] });
    assert.notEqual(status, 0);
    assert.match(readFileSync(log, "utf8"), /nothing/);
  });

  oci("--log is appended to", {}, async (t) => {
    const log = t.path("log");
    for (const word of ["first", "second"]) await t.run({ root: { path: word } }, { global: ["--log", log] });
    assert.match(readFileSync(log, "utf8"), /first[\s\S]*second/);
  });

  oci("--log-format json makes every line an object with level, msg and time", {}, async (t) => {
    const log = t.path("log");
    await t.run({ root: { path: "nothing" } }, { global: ["--log", log, "--log-format", "json"] });
    const lines = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(lines.length > 0);
    for (const { level, msg, time } of lines) {
      assert.match(level, /^(error|warning|debug|info)$/);
      assert.equal(typeof msg, "string");
      assert.ok(!Number.isNaN(Date.parse(time)), time);
    }
    assert.ok(lines.some(({ level, msg }) => level === "error" && msg.includes("nothing")));
  });

  oci("--log-format text and --debug are taken", {}, async (t) => {
    const global = ["--debug", "--log", t.path("log"), "--log-format=text"];
    assert.equal(await t.output({ args: ["echo", "ran"] }, { global }), "ran\n");
  });

  oci("--log-format of another kind is an error", {}, async (t) => {
    const { status } = await t.run({}, { global: ["--log", t.path("log"), "--log-format", "xml"] });
    assert.notEqual(status, 0);
    if (runtime === "runch") assert.equal(status, 64);
  });

  oci("--rootless is taken", {}, async (t) => {
    assert.equal(await t.output({ args: ["echo", "ran"] }, { global: ["--rootless=false"] }), "ran\n");
  });

  oci("--cgroup-manager is taken, as engines give it", { only: ["runch", "crun"] }, async (t) => {
    for (const manager of ["disabled", "cgroupfs"])
      assert.equal(
        await t.output({ args: ["echo", "ran"] }, { global: [`--cgroup-manager=${manager}`] }),
        "ran\n",
      );
  });

  oci("--systemd-cgroup where there is no systemd is an error", { only: ["runch", "runc"] }, async (t) => {
    const { status, stderr } = await t.run({}, { global: ["--systemd-cgroup"] });
    assert.notEqual(status, 0);
    assert.match(stderr, /systemd/);
  });

  oci("no command, an unknown command and unknown options are errors", {}, async (t) => {
    assertFails(await t.cli(["fly"]), 64, /fly/);
    assertFails(await t.cli(["--nosuch", "list"]), 64, /nosuch/);
    for (const verb of [
      "create",
      "run",
      "start",
      "state",
      "kill",
      "delete",
      "list",
      "ps",
      "exec",
      "spec",
      "update",
      "pause",
      "resume",
    ])
      assertFails(await t.cli([verb, "--nosuch-option", "x"]), 64, /nosuch-option/);
  });

  oci("an option that needs a value and has none is an error", {}, async (t) => {
    assertFails(await t.cli(["run", "x", "--bundle"]), 64);
    assertFails(await t.cli(["list", "--format"]), 64, /format/);
  });

  oci("each command has a help", { only: ["runch"] }, async (t) => {
    for (const verb of "create run start exec state kill delete list ps spec features events update pause resume".split(
      " ",
    )) {
      const { status, stdout } = await t.cli([verb, "--help"]);
      assert.equal(status, 0, verb);
      assert.match(stdout, new RegExp(`^runch ${verb}`));
    }
  });
});
