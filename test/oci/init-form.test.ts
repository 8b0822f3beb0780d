/** What is runch's own: `start BUNDLE-DIR`, `--isolation`, what stays in memory (docs/runch.md). */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { assertTold, type Options, oci, profile, topic } from "../support/oci.ts";
import { configOf } from "../support/oci-bundle.ts";
import { mountsBelow } from "../support/oci-left.ts";
import { granted } from "../support/oci-runtimes.ts";
import { assertFails, until } from "../support/oci-test.ts";

const own: Options = { only: ["runch"] };
/** Where the state tells by the process's time of start whether it runs. */
const ownTime: Options = { ...own, barrier: "startTime" };
const linux = { namespaces: granted("mounts") ? [{ type: "mount" }] : [] };

/** Bytes of a process's memory: of the kinds that /proc/PID/smaps_rollup names in kB, as in `Private_Dirty:   532 kB`. */
function memory(pid: number, kinds: readonly string[]): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return kinds.reduce((sum, kind) => {
    const kB = new RegExp(`^${kind}: +(\\d+) kB$`, "m").exec(text)?.[1];
    assert.ok(kB !== undefined, kind);
    return sum + Number(kB) * 1024;
  }, 0);
}

/** Memory that is a process's alone now. Whether pages of its executable count depends on who else maps them. */
const privateMemory = (pid: number) => memory(pid, ["Private_Clean", "Private_Dirty"]);

const children = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter((word) => word !== "")
    .map(Number);

topic("what is runch's own", () => {
  oci("start BUNDLE-DIR becomes the container's process, under the directory's name", ownTime, async (t) => {
    const bundle = t.bundle({
      args: ["sh", "-c", "echo $$; while ! test -e /tmp/go; do sleep 0.05; done"],
      linux,
    });
    let pid = 0;
    const ended = t.cli(["start", bundle.path], {
      started: (child) => {
        pid = child;
      },
    });
    const id = basename(bundle.path);
    await until("its state", () => existsSync(join(t.root, id, "state.json")));
    await until("it to run", async () => (await t.state(id)).status === "running");
    assert.equal((await t.state(id)).pid, pid);
    // the program's own child reads like the program until it is sleep
    const others = () => children(pid).filter((child) => !commandOf(String(child)).startsWith("sleep"));
    await until("no process but the program's own", () => others().length === 0);
    writeFileSync(join(bundle.rootfs, "tmp/go"), "");
    const { status, stdout, stderr } = await ended;
    assert.deepEqual([status, stdout, stderr], [0, `${pid}\n`, ""]);
  });

  oci("start BUNDLE-DIR takes a relative directory, and one in the current one with ./", own, async (t) => {
    const bundle = t.bundle({ args: ["echo", "ran"], linux });
    const { stdout, stderr } = await t.cli(["start", `./${basename(bundle.path)}`], { cwd: t.dir });
    assert.equal(stdout, "ran\n", stderr);
    assert.equal((await t.cli(["start", basename(bundle.path)], { cwd: t.dir })).stdout, "ran\n");
  });

  oci("start BUNDLE-DIR gives the program's exit status, and can be had again", own, async (t) => {
    const bundle = t.bundle({ args: ["sh", "-c", "exit 9"], linux });
    for (let i = 0; i < 3; i++) assert.equal((await t.cli(["start", bundle.path])).status, 9);
    await t.ok("delete", basename(bundle.path));
  });

  oci("start BUNDLE-DIR leaves a new pid namespace out and says so, and strict refuses", own, async (t) => {
    const bundle = t.bundle({
      args: ["true"],
      linux: { namespaces: [...linux.namespaces, { type: "pid" }] },
    });
    const { status, stderr } = await t.cli(["start", bundle.path]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, new RegExp(`^runch: ${basename(bundle.path)}: runs without .*pid namespace.*\n$`));
    assertFails(await t.cli(["start", "--isolation=strict", bundle.path]), 125, /pid namespace/);
  });

  oci("start BUNDLE-DIR of a container that runs is refused", ownTime, async (t) => {
    const bundle = t.bundle({ args: ["sleep", "1000"], linux });
    const id = basename(bundle.path);
    const first = t.cli(["start", bundle.path]);
    await until(
      "it to run",
      async () => existsSync(join(t.root, id)) && (await t.cli(["state", id])).stdout.includes('"running"'),
    );
    assertFails(await t.cli(["start", bundle.path]), 125, /runs already/);
    await t.ok("delete", "--force", id);
    assert.equal((await first).status, 137);
  });

  oci("a signal to start BUNDLE-DIR's process is one to the program", own, async (t) => {
    const bundle = t.bundle({
      args: ["sh", "-c", "trap 'exit 9' TERM; : >/tmp/ready; while :; do sleep 0.05; done"],
      linux,
    });
    let pid = 0;
    const ended = t.cli(["start", bundle.path], {
      started: (child) => {
        pid = child;
      },
    });
    await until("the trap", () => existsSync(join(bundle.rootfs, "tmp/ready")));
    process.kill(pid, "SIGTERM");
    assert.equal((await ended).status, 9);
  });

  oci("hooks of start BUNDLE-DIR run up to the program, or are told", own, async (t) => {
    const file = t.path("journal");
    const kinds = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"];
    const hooks = Object.fromEntries(
      kinds.map((kind) => [
        kind,
        [{ path: "/bin/sh", args: ["sh", "-c", `cat >/dev/null; echo ${kind} >>${file}`] }],
      ]),
    );
    const bundle = t.bundle({ args: ["true"], linux, hooks });
    const { status, stderr } = await t.cli(["start", bundle.path]);
    await t.ok("delete", "--force", basename(bundle.path));
    assert.equal(status, 0, stderr);
    const ran = readFileSync(file, "utf8").trim().split("\n");
    for (const kind of kinds)
      assert.ok(ran.includes(kind) || stderr.includes(kind), `${kind}: neither run nor told`);
  });

  oci("--isolation=chroot uses no namespaces", own, async (t) => {
    const types = ["mount", "pid", "uts", "ipc"];
    const config = configOf({
      args: ["sleep", "1000"],
      linux: { namespaces: types.map((type) => ({ type })) },
    });
    const bundle = t.bundle(JSON.stringify({ ...config, mounts: [] }));
    const c = await t.up({}, { bundle, global: ["--isolation=chroot"] });
    for (const name of ["mnt", "pid", "uts", "ipc"])
      assert.equal(linkOf(c.pid, name), linkOf(process.pid, name), name);
    await t.ok("delete", "--force", c.id);
  });

  oci(
    "--isolation=chroot leaves its mounts until delete, and delete leaves their files",
    { ...own, profiles: ["namespaces"] },
    async (t) => {
      const data = t.path("data");
      mkdirSync(data);
      writeFileSync(join(data, "file"), "precious");
      const mounts = [{ destination: "/data", source: data, options: ["rbind"] }];
      const bundle = t.bundle({ args: ["cat", "/data/file"], mounts, linux: { namespaces: [] } });
      assert.equal((await t.cli(["--isolation=chroot", "start", bundle.path])).stdout, "precious");
      assert.ok(mountsBelow(bundle.path).length >= 2);
      assert.equal((await t.cli(["--isolation=chroot", "start", bundle.path])).stdout, "precious");
      assert.equal(mountsBelow(bundle.path).length, 2, "they do not pile up");
      await t.ok("delete", basename(bundle.path));
      assert.deepEqual(mountsBelow(bundle.path), []);
      assert.equal(readFileSync(join(data, "file"), "utf8"), "precious");
    },
  );

  oci("--isolation after the command's name, --strict, and the annotation mean the same", own, async (t) => {
    // no machine has an intelRdt that a container could join
    const wanting = { linux: { ...linux, intelRdt: { closID: "x", l3CacheSchema: "L3:0=f" } } };
    assert.equal((await t.run(wanting)).status, 0);
    assertFails(await t.run(wanting, { global: ["--strict"] }), 125, /intelRdt/);
    assertFails(await t.run(wanting, { flags: ["--isolation=strict"] }), 125, /intelRdt/);
    assertFails(await t.run({ ...wanting, annotations: { "vz.isolation": "strict" } }), 125, /intelRdt/);
    assert.equal(
      (
        await t.run(
          { ...wanting, annotations: { "vz.isolation": "strict" } },
          { global: ["--isolation=auto"] },
        )
      ).status,
      0,
    );
  });

  oci("an isolation that nobody knows, or two that differ, are errors", own, async (t) => {
    assertFails(await t.run({}, { global: ["--isolation=loose"] }), 64, /isolation/);
    assertFails(await t.run({}, { global: ["--isolation=auto", "--strict"] }), 64, /strict/);
    assertFails(await t.run({ annotations: { "vz.isolation": "loose" } }), 125, /vz\.isolation/);
  });

  oci(
    "what falls short is told, all of it, a line a thing",
    { ...own, profiles: ["mount", "chroot"] },
    async (t) => {
      const types = ["mount", "pid", "uts", "ipc", "network", "cgroup", "time", "user"];
      const ids = [{ containerID: 0, hostID: 100000, size: 65536 }];
      const { id, status, stderr } = await t.run({
        linux: { namespaces: types.map((type) => ({ type })), uidMappings: ids, gidMappings: ids },
      });
      assert.equal(status, 0, stderr);
      for (const type of types.filter((type) => type !== "mount" || profile === "chroot"))
        assertTold({ id, stderr }, new RegExp(`${type} namespace`));
    },
  );

  oci("nothing is told where nothing falls short", own, async (t) => {
    assert.equal((await t.run()).stderr, "");
  });

  oci("run -d, and start BUNDLE-DIR, leave no process but the container's own", own, async (t) => {
    const c = await t.up();
    const left = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(t.root));
    assert.deepEqual(left, []);
    assert.deepEqual(t.processes(c.bundle).length, 1);
  });

  oci(
    "what waits in run has less than 150 KB of private memory",
    { ...own, barrier: "memory" },
    async (t) => {
      const bundle = t.bundle({ args: ["sh", "-c", ": >/tmp/ready; exec sleep 1000"] });
      let pid = 0;
      const id = t.id();
      const ended = t.run(
        {},
        {
          bundle,
          id,
          started: (child) => {
            pid = child;
          },
        },
      );
      await until("the program", () => existsSync(join(bundle.rootfs, "tmp/ready")));
      await until("the waiter to settle", () => waiters(pid, bundle.rootfs) < 150 * 1024, 2000).catch(
        () => {},
      );
      const size = waiters(pid, bundle.rootfs);
      await t.ok("kill", id, "KILL");
      assert.equal((await ended).status, 137);
      assert.ok(size > 0 && size < 150 * 1024, `${size} bytes`);
    },
  );

  oci(
    "what create parks holds less than 640 KB that the kernel could not drop",
    { ...own, barrier: "memory" },
    async (t) => {
      const c = await t.create();
      // Not the executable's pages: how many of them are mapped is the kernel's choice, half a megabyte at once on newer ones.
      const size = memory(c.pid, ["Private_Dirty", "Shared_Dirty", "Swap"]);
      assert.ok(size > 0 && size < 640 * 1024, `${size} bytes`);
    },
  );

  oci("a container whose state is damaged can be deleted by force", own, async (t) => {
    const c = await t.up();
    const file = join(t.root, c.id, "state.json");
    const text = readFileSync(file, "utf8");
    for (const damaged of ["", "{", '{"pid": "x"}']) {
      writeFileSync(file, damaged);
      const { status } = await t.cli(["state", c.id]);
      assert.notEqual(status, 0);
      assert.equal((await t.cli(["list"])).status, 0, "one damaged container does not stop the list");
    }
    writeFileSync(file, text);
    await t.ok("delete", "--force", c.id);
  });

  oci("a pid that another process has by now is left alone", own, async (t) => {
    const c = await t.up({ args: ["true"] });
    await t.becomes(c.id, "stopped");
    const other = await t.up();
    const file = join(t.root, c.id, "state.json");
    writeFileSync(
      file,
      readFileSync(file, "utf8")
        .replace(`"pid":${c.pid}`, `"pid":${other.pid}`)
        .replace(`"pid": ${c.pid}`, `"pid": ${other.pid}`),
    );
    assert.equal((await t.state(c.id)).status, "stopped");
    assertFails(await t.cli(["kill", c.id, "KILL"]), 1);
    await t.ok("delete", "--force", c.id);
    assert.equal((await t.state(other.id)).status, "running");
  });
});

const linkOf = (pid: number, name: string) => readlinkSync(`/proc/${pid}/ns/${name}`);

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

/** Private memory of a process of runch and of those below it that are not the container's. */
function waiters(pid: number, rootfs: string): number {
  const [inside, outside] = [statSync(`/proc/${pid}/root/.`), statSync(rootfs)];
  if (inside.dev === outside.dev && inside.ino === outside.ino) return 0;
  return privateMemory(pid) + children(pid).reduce((sum, child) => sum + waiters(child, rootfs), 0);
}
