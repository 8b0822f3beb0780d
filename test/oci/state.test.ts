/** runtime-spec runtime.md, "State"; runc-list(8), runc-state(8). */
import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import { oci, topic } from "../support/oci.ts";
import { assertFails } from "../support/oci-test.ts";

topic("state and list", () => {
  oci("state has the fields of the specification with their types", {}, async (t) => {
    const c = await t.up({ annotations: { "org.example.key": "value", "org.example.empty": "" } });
    const state = await t.state(c.id);
    assert.match(state.ociVersion, /^1\.\d+\.\d+/);
    assert.equal(state.id, c.id);
    assert.equal(state.status, "running");
    assert.equal(state.pid, c.pid);
    assert.equal(state.bundle, realpathSync(c.bundle.path));
    assert.equal(state.annotations["org.example.key"], "value");
    assert.equal(state.annotations["org.example.empty"], "");
  });

  oci("state's bundle is absolute when the bundle was named by a relative path", {}, async (t) => {
    const bundle = t.bundle({ args: ["sleep", "1000"] });
    const id = t.id();
    const { status } = await t.cli(["run", "-d", "-b", bundle.path.replace(/^.*\//, ""), id], { cwd: t.dir });
    assert.equal(status, 0);
    assert.equal((await t.state(id)).bundle, bundle.path);
  });

  oci("state goes from created by running to stopped", {}, async (t) => {
    const c = await t.create();
    assert.equal((await t.state(c.id)).status, "created");
    await t.ok("start", c.id);
    assert.equal((await t.state(c.id)).status, "running");
    await t.ok("kill", c.id, "KILL");
    await t.becomes(c.id, "stopped");
    const { pid } = await t.state(c.id);
    assert.ok(pid === undefined || pid === 0, "no pid of a process that is gone");
  });

  oci("state without an id, and with two, is an error", {}, async (t) => {
    assertFails(await t.cli(["state"]), 64);
    const c = await t.create();
    assertFails(await t.cli(["state", c.id, "more"]), 64);
  });

  oci("state has rootfs, created and owner, as runc's", { only: ["runch", "runc"] }, async (t) => {
    const c = await t.up();
    const state = await t.state(c.id);
    assert.equal(state.rootfs, c.bundle.rootfs);
    assert.equal(typeof state.owner, "string");
    assert.ok(Math.abs(Date.parse(state.created) - Date.now()) < 60_000, state.created);
  });

  oci("list is empty without containers", {}, async (t) => {
    assert.equal(await t.ok("list", "-q"), "");
    const json = JSON.parse((await t.ok("list", "--format", "json")) || "null");
    assert.deepEqual(json ?? [], []);
  });

  oci("list -q gives the ids alone", {}, async (t) => {
    const [one, two] = await Promise.all([t.create(), t.up()]);
    const ids = (await t.ok("list", "-q")).trim().split("\n").sort();
    assert.deepEqual(ids, [one.id, two.id].sort());
    assert.equal((await t.ok("list", "--quiet")).trim().split("\n").length, 2);
  });

  oci("list is a table with runc's headings", {}, async (t) => {
    const c = await t.up();
    const [head = "", row = ""] = (await t.ok("list")).split("\n");
    assert.match(head, /^(ID|NAME) +PID +STATUS +BUNDLE(?: PATH)? +CREATED +OWNER *$/);
    const [id, pid, status, bundle] = row.split(/ +/);
    assert.deepEqual([id, Number(pid), status, bundle], [c.id, c.pid, "running", c.bundle.path]);
  });

  oci("list --format json has a row a container, with state's values", {}, async (t) => {
    const c = await t.up({ annotations: { k: "v" } });
    const other = await t.up({ args: ["true"] });
    await t.becomes(other.id, "stopped");
    const rows: Record<string, unknown>[] = JSON.parse(await t.ok("list", "-f", "json"));
    assert.equal(rows.length, 2);
    const row = rows.find(({ id }) => id === c.id) ?? {};
    assert.equal(row["pid"], c.pid);
    assert.equal(row["status"], "running");
    assert.equal(row["bundle"], c.bundle.path);
    assert.equal(typeof row["created"], "string");
    assert.equal(rows.find(({ id }) => id === other.id)?.["status"], "stopped");
  });

  oci(
    "list --format json has annotations and ociVersion, as runc's",
    { only: ["runch", "runc"] },
    async (t) => {
      await t.up({ annotations: { k: "v" } });
      const [row] = JSON.parse(await t.ok("list", "--format", "json"));
      assert.match(row.ociVersion, /^1\./);
      assert.deepEqual(row.annotations, { k: "v" });
      assert.equal(row.owner, "root");
    },
  );

  oci("list with an unknown format is an error", {}, async (t) => {
    assertFails(await t.cli(["list", "--format", "xml"]), 64, /xml/);
  });

  oci("list shows containers of its own --root alone", {}, async (t) => {
    const c = await t.up();
    const other = await t.cli(["list", "-q"], { global: ["--root", t.path("elsewhere")] });
    assert.deepEqual([other.status, other.stdout], [0, ""]);
    assert.equal(await t.ok("list", "-q"), `${c.id}\n`);
  });
});
