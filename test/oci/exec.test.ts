/** runc-exec(8), crun(1) "EXEC OPTIONS". */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OciTest, oci, type Parts, type Probe, topic } from "../support/oci.ts";
import { granted } from "../support/oci-runtimes.ts";
import { assertFails, until } from "../support/oci-test.ts";

/** exec of the probe in a new container; what it sees. */
async function probe(t: OciTest, flags: readonly string[], parts: Parts = {}): Promise<Probe> {
  const c = await t.up(parts);
  return JSON.parse(await t.ok("exec", ...flags, c.id, "probe"));
}

const capabilities = (...names: string[]) => ({
  capabilities: Object.fromEntries(["bounding", "effective", "permitted"].map((set) => [set, names])),
});

topic("exec", () => {
  oci("exec runs a program in the container's root filesystem", {}, async (t) => {
    const c = await t.up();
    writeFileSync(join(c.bundle.rootfs, "etc/mark"), "inside\n");
    assert.equal(await t.ok("exec", c.id, "cat", "/etc/mark"), "inside\n");
  });

  oci("exec gives the program's own exit status", {}, async (t) => {
    const c = await t.up();
    for (const status of [0, 1, 7, 126, 200])
      assert.equal((await t.cli(["exec", c.id, "sh", "-c", `exit ${status}`])).status, status);
    assert.equal((await t.cli(["exec", c.id, "sh", "-c", "kill -KILL $$"])).status, 137);
  });

  oci("exec hands standard input, output and error through", {}, async (t) => {
    const c = await t.up();
    const { stdout, stderr } = await t.cli(["exec", c.id, "sh", "-c", "cat; echo err >&2"], {
      input: "input",
    });
    assert.deepEqual([stdout, stderr], ["input", "err\n"]);
  });

  oci("exec's arguments are not taken for options, and -- ends its own", {}, async (t) => {
    const c = await t.up();
    for (const line of [[c.id], ["--", c.id]]) {
      const seen: Probe = JSON.parse(await t.ok("exec", ...line, "probe", "-e", "--cwd", "x y", ""));
      assert.deepEqual(seen.args, ["probe", "-e", "--cwd", "x y", ""]);
    }
  });

  oci(
    "exec joins all the namespaces of the container",
    { needs: ["pid", "mounts", "uts", "ipc"] },
    async (t) => {
      const list = ["mount", "pid", "ipc", "uts", "network", "cgroup"].map((type) => ({ type }));
      const c = await t.up({ linux: { namespaces: list } });
      const text = await t.ok(
        "exec",
        c.id,
        "sh",
        "-c",
        "cd /proc/self/ns; for i in mnt pid ipc uts net cgroup; do readlink $i; done",
      );
      const own = ["mnt", "pid", "ipc", "uts", "net", "cgroup"].map((name) =>
        readlinkSync(`/proc/${c.pid}/ns/${name}`),
      );
      assert.deepEqual(text.trim().split("\n"), own);
    },
  );

  oci("exec has the container's environment, directory, user and capabilities", {}, async (t) => {
    const process = {
      cwd: "/etc",
      env: ["PATH=/bin", "FROM=config"],
      user: { uid: 12, gid: 34, additionalGids: [56] },
      ...capabilities("CAP_CHOWN"),
    };
    const seen = await probe(t, [], { process });
    assert.equal(seen.cwd, "/etc");
    assert.ok(seen.env.includes("FROM=config"), seen.env.join(" "));
    assert.deepEqual(seen.capabilities.bounding, [0]);
    assert.deepEqual([seen.uid[0], seen.gid[0]], [12, 34]);
  });

  oci("exec --cwd changes the directory", {}, async (t) => {
    assert.equal((await probe(t, ["--cwd", "/tmp"])).cwd, "/tmp");
  });

  oci("exec --env adds to the environment, and replaces", {}, async (t) => {
    const { env } = await probe(t, ["--env", "NEW=a b=c", "--env", "OLD=new", "--env=THIRD="], {
      process: { env: ["PATH=/bin", "OLD=old"] },
    });
    assert.ok(env.includes("NEW=a b=c") && env.includes("THIRD="), env.join(" "));
    assert.equal(env.filter((line) => line.startsWith("OLD=")).at(-1), "OLD=new");
    assert.ok(env.includes("PATH=/bin"));
  });

  oci("exec --user sets uid and gid", {}, async (t) => {
    const both = await probe(t, ["--user", "1000:2000"]);
    assert.deepEqual(
      [both.uid, both.gid],
      [
        [1000, 1000, 1000],
        [2000, 2000, 2000],
      ],
    );
    assert.deepEqual((await probe(t, ["-u", "7"])).uid, [7, 7, 7]);
  });

  oci("exec --user with what is no number is an error", {}, async (t) => {
    const c = await t.up();
    assertFails(await t.cli(["exec", "--user", "a:b", c.id, "true"]), 64);
  });

  oci("exec --additional-gids adds groups", { only: ["runch", "runc"] }, async (t) => {
    const seen = await probe(t, ["--additional-gids", "7", "--additional-gids", "8"]);
    assert.deepEqual(
      seen.groups.filter((group) => group > 0),
      [7, 8],
    );
  });

  oci("exec --cap adds a capability", {}, async (t) => {
    const seen = await probe(t, ["--cap", "CAP_KILL"], { process: capabilities("CAP_CHOWN") });
    assert.deepEqual(seen.capabilities.effective, [0, 5]);
  });

  oci("exec --no-new-privs sets it", {}, async (t) => {
    assert.equal((await probe(t, ["--no-new-privs"])).noNewPrivileges, 1);
  });

  oci("exec has noNewPrivileges where the container has it", {}, async (t) => {
    assert.equal((await probe(t, [], { process: { noNewPrivileges: true } })).noNewPrivileges, 1);
  });

  oci("exec --process reads all of it from a file", {}, async (t) => {
    const c = await t.up();
    const file = t.path("process.json");
    const process = {
      args: ["probe", "from file"],
      cwd: "/etc",
      env: ["PATH=/bin", "A=1"],
      user: { uid: 3, gid: 4, additionalGids: [5], umask: 0o077 },
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 50, hard: 60 }],
      noNewPrivileges: true,
    };
    writeFileSync(file, JSON.stringify(process));
    for (const flag of [
      ["--process", file],
      ["-p", file],
    ]) {
      const seen: Probe = JSON.parse(await t.ok("exec", ...flag, c.id));
      assert.deepEqual(seen.args, ["probe", "from file"]);
      assert.deepEqual([seen.cwd, seen.uid[0], seen.gid[0], seen.umask], ["/etc", 3, 4, 0o077]);
      assert.deepEqual(
        seen.groups.filter((group) => group !== 4),
        [5],
      );
      assert.deepEqual(seen.rlimits["RLIMIT_NOFILE"], ["50", "60"]);
      assert.equal(seen.noNewPrivileges, 1);
      assert.ok(seen.env.includes("A=1"));
    }
  });

  oci("exec --process of a file that is missing, or no JSON, is an error", {}, async (t) => {
    const c = await t.up();
    assertFails(await t.cli(["exec", "-p", t.path("nosuch"), c.id]), 125);
    writeFileSync(t.path("bad"), "{");
    assertFails(await t.cli(["exec", "-p", t.path("bad"), c.id]), 125);
  });

  oci("exec --detach comes back at once, and --pid-file tells its process", {}, async (t) => {
    const c = await t.up();
    const file = t.path("exec.pid");
    await t.ok("exec", "--detach", "--pid-file", file, c.id, "sleep", "1003");
    const pid = readFileSync(file, "utf8");
    await until("the program", () => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("1003"));
    if (granted("pid"))
      assert.equal(readlinkSync(`/proc/${pid}/ns/pid`), readlinkSync(`/proc/${c.pid}/ns/pid`));
    await t.ok("delete", "--force", c.id);
    await until("its end with the container", () => !existsSync(`/proc/${pid}`));
  });

  oci("exec --preserve-fds hands descriptors down", {}, async (t) => {
    const c = await t.up();
    const { status, stdout, stderr } = await t.cli(["exec", "--preserve-fds", "1", c.id, "probe"], {
      fds: [0, 1],
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).fds, [0, 1, 2, 3]);
  });

  oci("exec leaves no descriptor open, and joins the container's limits", {}, async (t) => {
    const seen = await probe(t, [], {
      process: { rlimits: [{ type: "RLIMIT_NOFILE", soft: 77, hard: 88 }] },
    });
    assert.deepEqual(seen.fds, [0, 1, 2]);
  });

  oci("exec's process is in the container's cgroups", {}, async (t) => {
    const c = await t.up();
    const file = t.path("exec.pid");
    await t.ok("exec", "-d", "--pid-file", file, c.id, "sleep", "1003");
    assert.equal(
      readFileSync(`/proc/${readFileSync(file, "utf8")}/cgroup`, "utf8"),
      readFileSync(`/proc/${c.pid}/cgroup`, "utf8"),
    );
  });

  oci("exec runs in a container whose program is another user's", {}, async (t) => {
    const c = await t.up({ process: { user: { uid: 1000, gid: 1000 } } });
    const seen: Probe = JSON.parse(await t.ok("exec", "--user", "0:0", c.id, "probe"));
    assert.equal(seen.uid[0], 0);
  });

  oci("exec of a program that is missing, or may not be executed, is an error", {}, async (t) => {
    const c = await t.up();
    assertFails(await t.cli(["exec", c.id, "nosuch"]), 127, /nosuch/);
    writeFileSync(join(c.bundle.rootfs, "bin/plain"), "x", { mode: 0o644 });
    assertFails(await t.cli(["exec", c.id, "/bin/plain"]), 126, /plain/);
  });

  oci("exec in a container that is created works before start", {}, async (t) => {
    const c = await t.create();
    assert.equal(await t.ok("exec", c.id, "echo", "early"), "early\n");
  });

  oci("exec in a container that has stopped, or is unknown, is an error", {}, async (t) => {
    const c = await t.up({ args: ["true"] });
    await t.becomes(c.id, "stopped");
    const result = await t.cli(["exec", c.id, "true"]);
    assert.ok(result.status !== 0);
    assertFails(await t.cli(["exec", "nosuch", "true"]), result.status, /nosuch/);
  });

  oci("exec without a program is an error", {}, async (t) => {
    const c = await t.up();
    assertFails(await t.cli(["exec", c.id]), 64);
    assertFails(await t.cli(["exec"]), 64);
    assertFails(await t.cli(["exec", "--nosuch", c.id, "true"]), 64);
  });

  oci("exec passes signals on to its program", {}, async (t) => {
    const c = await t.up();
    let pid = 0;
    const mark = join(c.bundle.rootfs, "tmp/ready");
    const script = "trap 'exit 9' TERM; : >/tmp/ready; while :; do sleep 0.05; done";
    const ended = t.cli(["exec", c.id, "sh", "-c", script], {
      started: (child) => {
        pid = child;
      },
    });
    await until("the trap", () => existsSync(mark));
    process.kill(pid, "SIGTERM");
    assert.equal((await ended).status, 9);
  });

  oci("exec in a user namespace has its ids", { needs: ["user"] }, async (t) => {
    const ids = [{ containerID: 0, hostID: 0, size: 1000 }];
    const list = ["mount", "pid", "ipc", "uts", "user"].map((type) => ({ type }));
    const c = await t.up({ linux: { namespaces: list, uidMappings: ids, gidMappings: ids } });
    assert.match(await t.ok("exec", c.id, "cat", "/proc/self/uid_map"), /^ +0 +0 +1000\n$/);
  });

  oci("ten exec at once each have their own output", {}, async (t) => {
    const c = await t.up();
    const many = Array.from({ length: 10 }, (_, i) => t.ok("exec", c.id, "echo", `number ${i}`));
    assert.deepEqual(
      await Promise.all(many),
      many.map((_, i) => `number ${i}\n`),
    );
  });
});
