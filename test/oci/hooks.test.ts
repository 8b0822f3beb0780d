/** runtime-spec config.md, "POSIX-platform Hooks"; runtime.md, "Lifecycle". */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OciTest, type Options, oci, runtime, topic } from "../support/oci.ts";
import { assertFails, until } from "../support/oci-test.ts";

const KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
type Kind = (typeof KINDS)[number];
/** Those whose path is the machine's. */
const OUTSIDE = KINDS.filter((kind) => kind !== "startContainer");

/** A hook that reads its standard input: one that does not is another test, which crun loses now and then. */
const hook = (script: string, more: object = {}) => ({
  path: "/bin/sh",
  args: ["sh", "-c", /cat >|sed /.test(script) ? script : `while read -r l; do :; done; ${script}`],
  ...more,
});
const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");

/** Hooks of all kinds that append their name to a file; the container's program does, too. */
function journal(t: OciTest) {
  const file = t.path("journal");
  writeFileSync(file, "");
  const hooks = Object.fromEntries(
    KINDS.map((kind) => [kind, [hook(`echo ${kind} >>${file}`), hook(`echo ${kind}2 >>${file}`)]]),
  );
  // inside there is no such file: it appends to its own
  hooks["startContainer"] = [
    hook("echo startContainer >>/tmp/journal"),
    hook("echo startContainer2 >>/tmp/journal"),
  ];
  return { file, hooks };
}

topic("hooks", () => {
  oci("hooks of all six kinds run, in the order of the lifecycle", {}, async (t) => {
    const { file, hooks } = journal(t);
    const c = await t.create({ args: ["sh", "-c", "echo program >>/tmp/journal; sleep 1000"], hooks });
    const created = [
      "prestart",
      "prestart2",
      "createRuntime",
      "createRuntime2",
      "createContainer",
      "createContainer2",
    ];
    assert.deepEqual(read(file).trim().split("\n"), created);
    assert.equal(read(join(c.bundle.rootfs, "tmp/journal")), "");
    await t.ok("start", c.id);
    assert.deepEqual(read(file).trim().split("\n"), [...created, "poststart", "poststart2"]);
    const inside = join(c.bundle.rootfs, "tmp/journal");
    await until("the program", () => read(inside).includes("program"));
    assert.equal(read(inside), "startContainer\nstartContainer2\nprogram\n");
    await t.ok("kill", c.id, "KILL");
    await t.becomes(c.id, "stopped");
    assert.ok(!read(file).includes("poststop"));
    await t.ok("delete", c.id);
    assert.deepEqual(read(file).trim().split("\n").slice(-2), ["poststop", "poststop2"]);
  });

  oci("run in the foreground runs all of them, poststop at the end", {}, async (t) => {
    const { file, hooks } = journal(t);
    assert.equal((await t.run({ args: ["true"], hooks })).status, 0);
    assert.equal(read(file).trim().split("\n").length, 10);
    assert.match(read(file), /poststart2\npoststop\npoststop2\n$/);
  });

  for (const kind of KINDS) {
    oci(`the ${kind} hook gets the state on its standard input`, {}, async (t) => {
      const inside = kind === "startContainer";
      const file = t.path("told");
      const bundle = t.bundle({
        args: ["sleep", "1000"],
        annotations: { k: "v" },
        hooks: { [kind]: [hook(inside ? "cat >/tmp/state" : `cat >${file}`)] },
      });
      const c = await t.up({}, { bundle });
      if (kind === "poststop") await t.ok("delete", "--force", c.id);
      const state = JSON.parse(read(inside ? join(bundle.rootfs, "tmp/state") : file));
      assert.match(state.ociVersion, /^1\./);
      assert.equal(state.id, c.id);
      assert.equal(state.bundle, bundle.path);
      assert.equal(state.annotations.k, "v");
      const statuses: Record<Kind, readonly string[]> = {
        prestart: ["creating", "created"],
        createRuntime: ["creating", "created"],
        createContainer: ["creating", "created"],
        startContainer: ["created"],
        poststart: ["running"],
        poststop: ["stopped"],
      };
      assert.ok(statuses[kind].includes(state.status), state.status);
      if (kind !== "poststop" && !inside && kind !== "createContainer") assert.equal(state.pid, c.pid);
    });
  }

  oci("a hook has the arguments and the environment that are written, and no more", {}, async (t) => {
    const file = t.path("seen");
    const script = `printf '%s|' "$0" "$@" >${file}; env >>${file}`;
    const hooks = {
      createRuntime: [
        { path: "/bin/sh", args: ["sh", "-c", script, "zero", "two words", ""], env: ["ONE=1", "TWO=a b"] },
      ],
    };
    assert.equal((await t.run({ hooks }, { env: { SECRET: "x" } })).status, 0);
    const [args = "", ...env] = read(file).trim().split("\n");
    assert.equal(args.replace(/ONE=.*/, ""), "zero|two words||");
    const names = [args.replace(/.*\|/, ""), ...env]
      .map((line) => line.split("=")[0])
      .filter((name) => !["PWD", "SHLVL", "_", "OLDPWD"].includes(name ?? ""));
    assert.deepEqual(names.sort(), ["ONE", "TWO"]);
  });

  oci("a hook without env has none, or the runtime's", {}, async (t) => {
    const file = t.path("seen");
    assert.equal((await t.run({ hooks: { createRuntime: [hook(`/usr/bin/env >${file}`)] } })).status, 0);
    assert.ok(existsSync(file));
  });

  oci("a hook's args[0] need not be its path, and args may be absent", {}, async (t) => {
    const hooks = {
      createRuntime: [{ path: "/bin/true" }, { path: "/bin/sh", args: ["other", "-c", "exit 0"] }],
    };
    assert.equal((await t.run({ hooks })).status, 0);
  });

  for (const kind of ["prestart", "createRuntime", "createContainer"] as const) {
    oci(`a ${kind} hook that fails stops the container, and poststop runs`, {}, async (t) => {
      const file = t.path("stopped");
      const hooks = {
        [kind]: [hook("exit 3"), hook(`echo second >>${file}`)],
        poststop: [hook(`echo poststop >>${file}`)],
      };
      const bundle = t.bundle({ args: ["touch", "/mark"], hooks });
      const id = t.id();
      assertFails(await t.cli(["create", "-b", bundle.path, id]), 125, new RegExp(`${kind}|hook`));
      assert.equal(existsSync(join(bundle.rootfs, "mark")), false);
      assertFails(await t.cli(["state", id]), 1);
      assert.equal(read(file), "poststop\n");
      assert.deepEqual(t.processes(bundle), []);
    });
  }

  oci("a startContainer hook that fails stops the container before its program", {}, async (t) => {
    const bundle = t.bundle({ args: ["touch", "/mark"], hooks: { startContainer: [hook("exit 3")] } });
    assertFails(await t.run({}, { bundle }), 125, /startContainer|hook/);
    assert.equal(existsSync(join(bundle.rootfs, "mark")), false);
  });

  oci("a poststart hook that fails stops the container", {}, async (t) => {
    const bundle = t.bundle({ args: ["sleep", "1000"], hooks: { poststart: [hook("exit 3")] } });
    const id = t.id();
    assertFails(await t.cli(["run", "-d", "-b", bundle.path, id]), 125, /poststart|hook/);
    await until("its end", () => t.processes(bundle).length === 0);
  });

  oci("a poststop hook that fails is a warning, and the next one runs", {}, async (t) => {
    const file = t.path("ran");
    const { status, stderr } = await t.run({
      args: ["true"],
      hooks: { poststop: [hook("exit 3"), hook(`: >${file}`)] },
    });
    assert.equal(status, 0, stderr);
    assert.ok(existsSync(file));
    assert.match(stderr, /hook|poststop/);
  });

  oci("a hook that takes longer than its timeout is ended, and fails", {}, async (t) => {
    const file = t.path("pid");
    const hooks = { createRuntime: [hook(`echo $$ >${file}; exec sleep 30`, { timeout: 1 })] };
    const begin = performance.now();
    assertFails(await t.run({ hooks }), 125, /createRuntime|hook|time/);
    assert.ok(performance.now() - begin < 10_000, "it did not wait for the hook's own end");
    assert.equal(existsSync(`/proc/${read(file).trim()}`), false, "the hook is gone");
  });

  oci("a hook that ends within its timeout is fine", {}, async (t) => {
    assert.equal((await t.run({ hooks: { createRuntime: [hook("sleep 0.1", { timeout: 5 })] } })).status, 0);
  });

  oci(
    "a hook that does not read its standard input does no harm",
    { except: { crun: "crun 1.8.1 races on SIGPIPE" } },
    async (t) => {
      const annotations = Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [`k${i}`, "x".repeat(4000)]),
      );
      assert.equal(
        (
          await t.run({
            annotations,
            hooks: {
              createRuntime: [
                { path: "/bin/sh", args: ["sh", "-c", "exec 0<&-; exit 0"] },
                { path: "/bin/true" },
              ],
            },
          })
        ).status,
        0,
      );
    },
  );

  for (const [what, entry] of Object.entries({
    "without a path": { args: ["x"] },
    "with a relative path": { path: "bin/true" },
    "that is missing": { path: "/nosuch/hook" },
    "with a timeout of 0": { path: "/bin/true", timeout: 0 },
    "with a negative timeout": { path: "/bin/true", timeout: -1 },
  })) {
    // runc lets such a timeout and the hook race
    const options: Options = what.includes("timeout") ? { only: ["runch", "crun"] } : {};
    oci(`a hook ${what} is an error`, options, async (t) => {
      const bundle = t.bundle({ args: ["touch", "/mark"], hooks: { createRuntime: [entry] } });
      assertFails(await t.run({}, { bundle }), 125, /hook|createRuntime/);
      assert.equal(existsSync(join(bundle.rootfs, "mark")), false);
    });
  }

  oci(
    "hooks outside run in the machine's namespaces, createContainer in the container's mounts",
    { needs: ["mounts"] },
    async (t) => {
      const names = t.path("namespaces");
      const script = (kind: string) => hook(`echo ${kind} $(readlink /proc/self/ns/mnt) >>${names}`);
      const hooks = Object.fromEntries(OUTSIDE.map((kind) => [kind, [script(kind)]]));
      const c = await t.up({ hooks });
      const inside = readlinkSync(`/proc/${c.pid}/ns/mnt`);
      await t.ok("delete", "--force", c.id);
      const seen = new Map(
        read(names)
          .trim()
          .split("\n")
          .map((line) => line.split(" ") as [string, string]),
      );
      if (runtime !== "crun") {
        const own = readlinkSync("/proc/self/ns/mnt");
        for (const kind of ["prestart", "createRuntime", "poststart", "poststop"])
          assert.equal(seen.get(kind), own, kind);
      }
      assert.equal(seen.get("createContainer"), inside);
    },
  );

  oci("a createContainer hook's mounts are the container's", { needs: ["mounts"] }, async (t) => {
    const bundle = t.bundle({ args: ["cat", "/tmp/file"], hooks: { createContainer: [] } });
    const script = `mount -t tmpfs x ${bundle.rootfs}/tmp && echo hooked >${bundle.rootfs}/tmp/file`;
    const other = t.bundle({
      args: ["cat", "/tmp/file"],
      root: { path: bundle.rootfs },
      hooks: { createContainer: [hook(script, { env: ["PATH=/usr/bin:/bin"] })] },
    });
    const { stdout, stderr } = await t.run({}, { bundle: other });
    assert.equal(stdout, "hooked\n", stderr);
    assert.equal(existsSync(join(bundle.rootfs, "tmp/file")), false);
  });

  oci("a prestart hook can set the network up by the pid in the state", { needs: ["network"] }, async (t) => {
    const script =
      "pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' | tr -dc 0-9); nsenter -t $pid -n ip link add v0 type dummy || nsenter -t $pid -n ip link set lo mtu 1234";
    const list = ["mount", "pid", "ipc", "uts", "network"].map((type) => ({ type }));
    const hooks = { prestart: [hook(script, { env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] })] };
    assert.match(await t.output({ args: ["ip", "link"], hooks, linux: { namespaces: list } }), /v0|mtu 1234/);
  });

  oci("hooks of a kind that nobody knows do not run", {}, async (t) => {
    const file = t.path("ran");
    await t.run({ hooks: { afterwards: [hook(`: >${file}`)] } });
    assert.equal(existsSync(file), false);
  });
});
