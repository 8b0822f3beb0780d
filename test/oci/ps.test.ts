/** runc-ps(8), runc-spec(8), runtime-spec features.md, and the version. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { oci, runtime, topic } from "../support/oci.ts";
import { onKernel, runtimeArchitecture } from "../support/oci-runtimes.ts";
import { assertFails, until } from "../support/oci-test.ts";

topic("ps, spec, features and version", () => {
  oci("ps --format json is an array of the container's pids as the caller sees them", {}, async (t) => {
    const c = await t.up({ args: ["sh", "-c", "sleep 1001 & exec sleep 1000"] });
    await until("two processes", () => t.processes(c.bundle).length === 2);
    const pids: number[] = JSON.parse(await t.ok("ps", "--format", "json", c.id));
    const own = t.processes(c.bundle).map((line) => Number(line.split(" ")[0]));
    assert.deepEqual(
      pids.sort((a, b) => a - b),
      own.sort((a, b) => a - b),
    );
    assert.ok(pids.includes(c.pid));
  });

  oci("ps is a table with a PID a line", {}, async (t) => {
    const c = await t.up();
    const [head = "", ...rows] = (await t.ok("ps", c.id)).trimEnd().split("\n");
    assert.match(head, /\bPID\b/);
    assert.equal(rows.length, 1);
    assert.ok(rows[0]?.split(/ +/).includes(String(c.pid)), rows[0]);
    assert.equal((await t.ok("ps", "-f", "table", c.id)).split("\n").length, 3);
  });

  oci("ps shows no process of another container, nor of the machine", {}, async (t) => {
    const [one, two] = await Promise.all([t.up(), t.up()]);
    assert.deepEqual(JSON.parse(await t.ok("ps", "-f", "json", one.id)), [one.pid]);
    assert.deepEqual(JSON.parse(await t.ok("ps", "-f", "json", two.id)), [two.pid]);
  });

  oci("ps of a container that has ended is empty", { only: ["runch", "runc"] }, async (t) => {
    const c = await t.up({ args: ["true"] });
    await t.becomes(c.id, "stopped");
    assert.match(await t.ok("ps", c.id), /^.*\bPID\b.*\n$/);
  });

  oci("ps takes options of ps(1)", { only: ["runch", "runc"] }, async (t) => {
    const c = await t.up();
    const text = await t.ok("ps", c.id, "-o", "pid,comm");
    assert.match(text, new RegExp(`^ *PID COMMAND\n *${c.pid} sleep\n$`));
  });

  oci("ps of an unknown id, or in an unknown format, is an error", {}, async (t) => {
    assertFails(await t.cli(["ps", "nosuch"]), 1);
    const c = await t.up();
    assertFails(await t.cli(["ps", "--format", "xml", c.id]), 64);
    assertFails(await t.cli(["ps"]), 64);
  });

  oci("spec writes a config.json that runs", {}, async (t) => {
    const bundle = t.bundle();
    mkdirSync(t.path("new"));
    await t.ok("spec", "--bundle", t.path("new"));
    const config = JSON.parse(readFileSync(t.path("new/config.json"), "utf8"));
    assert.match(config.ociVersion, /^1\./);
    assert.equal(config.root.path, "rootfs");
    assert.ok(Array.isArray(config.process.args) && config.process.args.length > 0);
    config.root.path = bundle.rootfs;
    config.process.args = ["/bin/echo", "ran"];
    config.process.terminal = false;
    const { status, stdout, stderr } = await t.run(JSON.stringify(config));
    assert.equal(status, 0, stderr);
    assert.equal(stdout, "ran\n");
  });

  oci("spec writes in the current directory, and not over a file that is there", {}, async (t) => {
    mkdirSync(t.path("here"));
    const cwd = t.path("here");
    assert.equal((await t.cli(["spec"], { cwd })).status, 0);
    const text = readFileSync(join(cwd, "config.json"), "utf8");
    const again = await t.cli(["spec"], { cwd });
    assert.notEqual(again.status, 0);
    assert.equal(readFileSync(join(cwd, "config.json"), "utf8"), text);
  });

  oci("spec --rootless has a user namespace with mappings", {}, async (t) => {
    mkdirSync(t.path("rootless"));
    await t.ok("spec", "--rootless", "-b", t.path("rootless"));
    const config = JSON.parse(readFileSync(t.path("rootless/config.json"), "utf8"));
    assert.ok(config.linux.namespaces.some(({ type }: { type: string }) => type === "user"));
    assert.equal(config.linux.uidMappings[0].containerID, 0);
  });

  oci("spec of a bundle that is missing is an error", {}, async (t) => {
    const { status } = await t.cli(["spec", "-b", t.path("nosuch")]);
    assert.notEqual(status, 0);
    assert.equal(existsSync(t.path("nosuch")), false);
  });

  oci(
    "features tells what the runtime does, in the specification's form",
    { except: { crun: "crun 1.8.1 has no features" } },
    async (t) => {
      const features = JSON.parse(await t.ok("features"));
      assert.match(features.ociVersionMin, /^1\.0\.0/);
      assert.match(features.ociVersionMax, /^1\.\d+\.\d+/);
      const kinds = [
        "createContainer",
        "createRuntime",
        "poststart",
        "poststop",
        "prestart",
        "startContainer",
      ];
      assert.deepEqual(features.hooks.toSorted(), kinds);
      for (const option of ["bind", "rbind", "ro", "nosuid", "noexec", "rprivate", "relatime"])
        assert.ok(features.mountOptions.includes(option), option);
      const types = ["cgroup", "ipc", "mount", "network", "pid", "user", "uts"];
      for (const type of types) assert.ok(features.linux.namespaces.includes(type), type);
      for (const name of ["CAP_CHOWN", "CAP_SYS_ADMIN"])
        assert.ok(features.linux.capabilities.includes(name), name);
      assert.equal(typeof features.linux.cgroup.v1, "boolean");
      assert.equal(features.linux.seccomp.enabled, true);
      for (const action of ["SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"])
        assert.ok(features.linux.seccomp.actions.includes(action));
      const ours =
        runtimeArchitecture === "arm64" ? ["SCMP_ARCH_AARCH64"] : ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64"];
      for (const arch of ours) assert.ok(features.linux.seccomp.archs.includes(arch), arch);
    },
  );

  oci(
    "what features lists in mountOptions is taken",
    { needs: ["mounts"], except: { crun: "crun 1.8.1 has no features" } },
    async (t) => {
      const { mountOptions } = JSON.parse(await t.ok("features"));
      // these make another kind of mount, or need more than a tmpfs; nosuch filesystem has them all
      const apart =
        /^r?bind$|remount|idmap|shared|slave|private|unbindable|tmpcopyup|acl|mand|^r|copy-symlink|iversion/;
      const options = mountOptions.filter((option: string) => !apart.test(option));
      for (const option of options) {
        const mounts = [{ destination: "/scratch", type: "tmpfs", source: "tmpfs", options: [option] }];
        const { status, stderr } = await t.run({ mounts });
        assert.equal(status, 0, `${option}: ${stderr}`);
      }
    },
  );

  oci("the version tells the runtime's own and the specification's", {}, async (t) => {
    const { status, stdout } = await t.cli(["--version"]);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^${runtime} version \\d`));
    assert.match(stdout, /^spec: 1\./m);
    assert.ok(onKernel.length <= 2);
  });

  oci("help tells the commands", {}, async (t) => {
    const { status, stdout } = await t.cli(["--help"]);
    assert.equal(status, 0);
    for (const verb of [
      "create",
      "start",
      "run",
      "exec",
      "state",
      "kill",
      "delete",
      "list",
      "ps",
      "spec",
      "update",
      "pause",
      "resume",
    ])
      assert.match(stdout, new RegExp(`\\b${verb}\\b`));
  });

  oci("checkpoint and restore say that they cannot be done", { only: ["runch"] }, async (t) => {
    const c = await t.up();
    for (const verb of ["checkpoint", "restore"]) {
      const result = await t.cli([verb, c.id]);
      assert.notEqual(result.status, 0);
      assert.match(result.stderr, new RegExp(`${verb}.*not supported`));
    }
  });
});
