/** runtime-spec config-linux.md, "Namespaces", "User namespace mappings", "Offset for Time Namespace"; hostname, domainname. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chownSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Need, type OciTest, oci, type Parts, topic } from "../support/oci.ts";
import { type Bundle, namespaces } from "../support/oci-bundle.ts";
import { assertFails, until } from "../support/oci-test.ts";

/** The names of namespaces in config.json and in /proc/PID/ns. */
const FILES = {
  mount: "mnt",
  pid: "pid",
  uts: "uts",
  ipc: "ipc",
  network: "net",
  cgroup: "cgroup",
  user: "user",
  time: "time",
} as const;
type Kind = keyof typeof FILES;

const need = (kind: Kind): Need => (kind === "mount" ? "mounts" : kind);
const link = (pid: number | "self", kind: Kind) => readlinkSync(`/proc/${pid}/ns/${FILES[kind]}`);
const IDS = [{ containerID: 0, hostID: 100000, size: 65536 }];
const mapped = { uidMappings: IDS, gidMappings: IDS };

const linuxWith = (kind: Kind) => ({
  namespaces: namespaces(kind),
  ...(kind === "user" ? mapped : {}),
});

/** A bundle whose root filesystem the root of the user namespace may fill. */
function mappedBundle(t: OciTest, parts: Parts = {}): Bundle {
  const linux = { namespaces: namespaces("user"), ...mapped, ...parts.linux };
  const bundle = t.bundle({ args: ["sleep", "1000"], ...parts, linux });
  for (const name of [".", "dev", "proc", "etc", "tmp"]) chownSync(join(bundle.rootfs, name), 100000, 100000);
  return bundle;
}

async function inUserNamespace(t: OciTest, args: readonly string[], parts: Parts = {}): Promise<string> {
  return t.output({}, { bundle: mappedBundle(t, { ...parts, args }) });
}

topic("namespaces", () => {
  for (const kind of Object.keys(FILES) as Kind[]) {
    const newer =
      kind === "time"
        ? {
            except: {
              runc: "runc 1.1.5 knows no time namespaces",
              crun: "crun 1.8.1 takes offsets from an annotation alone",
            },
          }
        : {};
    oci(
      `a new ${kind} namespace is the container's own`,
      {
        needs: [need(kind)],
        lacking: { parts: { linux: linuxWith(kind) }, names: new RegExp(`${kind} namespace`) },
        ...newer,
      },
      async (t) => {
        const c = await t.up({ linux: linuxWith(kind) }, kind === "user" ? { bundle: mappedBundle(t) } : {});
        assert.notEqual(link(c.pid, kind), link("self", kind));
      },
    );

    oci(`without a ${kind} namespace in config.json the container has the runtime's`, {}, async (t) => {
      const list = namespaces().filter(({ type }) => type !== kind);
      if (kind === "mount" && list.length > 0) return;
      const c = await t.up({ linux: { namespaces: list } });
      assert.equal(link(c.pid, kind), link("self", kind));
    });

    if (kind === "mount" || kind === "user" || kind === "time") continue;
    oci(
      `a ${kind} namespace is joined by its path`,
      {
        needs: [need(kind)],
        lacking: {
          parts: {
            linux: { namespaces: namespaces({ type: kind, path: `/proc/${process.pid}/ns/${FILES[kind]}` }) },
          },
          names: new RegExp(`${kind} namespace`),
          // config-linux.md, "Namespaces": it MUST be placed there
          refused: true,
        },
      },
      async (t) => {
        const one = await t.up({ linux: { namespaces: namespaces(kind) } });
        const path = `/proc/${one.pid}/ns/${FILES[kind]}`;
        const two = await t.up({ linux: { namespaces: namespaces({ type: kind, path }) } });
        assert.equal(link(two.pid, kind), link(one.pid, kind));
      },
    );
  }

  oci("a user namespace is joined by its path", { needs: ["user"] }, async (t) => {
    const one = await t.up({}, { bundle: mappedBundle(t) });
    const list = namespaces({ type: "user", path: `/proc/${one.pid}/ns/user` });
    const linux = { namespaces: list, uidMappings: undefined, gidMappings: undefined };
    const two = await t.up({}, { bundle: mappedBundle(t, { linux }) });
    assert.equal(link(two.pid, "user"), link(one.pid, "user"));
  });

  oci(
    "a device in a user namespace has the numbers, mode and owner that are written",
    { needs: ["user", "mounts"], except: { runc: "runc 1.1.5 binds the machine's own node there" } },
    async (t) => {
      const devices = [
        { path: "/dev/one", type: "c", major: 1, minor: 5, fileMode: 0o644, uid: 7, gid: 8 },
        { path: "/dev/two", type: "b", major: 7, minor: 250, fileMode: 0o600, uid: 0, gid: 0 },
      ];
      const args = ["sh", "-c", "stat -c '%F|%t,%T|%a|%u,%g' /dev/one /dev/two; head -c 2 /dev/one | wc -c"];
      const text = await inUserNamespace(t, args, { linux: { devices } });
      assert.deepEqual(text.trim().split("\n"), [
        "character special file|1,5|644|7,8",
        "block special file|7,fa|600|0,0",
        "2",
      ]);
    },
  );

  oci("a mount namespace is joined by its path", { needs: ["mounts"] }, async (t) => {
    const other = spawn("unshare", ["-m", "sleep", "1000"], { stdio: "ignore" });
    try {
      const pid = other.pid ?? 0;
      await until("its namespace", () => link(pid, "mount") !== link("self", "mount"));
      const list = namespaces({ type: "mount", path: `/proc/${pid}/ns/mnt` });
      const c = await t.up({ linux: { namespaces: list } });
      assert.equal(link(c.pid, "mount"), link(pid, "mount"));
      await t.ok("delete", "--force", c.id);
    } finally {
      other.kill("SIGKILL");
    }
  });

  oci(
    "a namespace by a path that is missing, or of another type, is an error",
    { needs: ["ipc", "network"] },
    async (t) => {
      for (const path of [t.path("nosuch"), "/proc/self/ns/uts", "/etc/passwd", "relative"])
        assertFails(
          await t.run({ linux: { namespaces: namespaces({ type: "network", path }) } }),
          125,
          /network namespace|namespaces\[/,
        );
    },
  );

  oci("a namespace that comes twice is an error", {}, async (t) => {
    const list = [...namespaces(), { type: "ipc" }, { type: "ipc" }];
    assertFails(await t.run({ linux: { namespaces: list } }), 125, /namespaces/);
  });

  oci("a type of namespace that nobody knows is an error", {}, async (t) => {
    assertFails(
      await t.run({ linux: { namespaces: namespaces("nosuch") } }),
      125,
      /namespaces.*nosuch|nosuch/,
    );
  });

  oci(
    "in a pid namespace the program is the first process and sees no others",
    {
      needs: ["pid", "mounts"],
      lacking: { parts: { linux: { namespaces: [{ type: "pid" }] } }, names: /pid namespace/ },
    },
    async (t) => {
      const text = await t.output({ args: ["sh", "-c", "echo $$; ls /proc | grep -c '^[0-9]'"] });
      assert.match(text, /^1\n[1-4]\n$/);
    },
  );

  oci("the end of a pid namespace's first process is the end of all", { needs: ["pid"] }, async (t) => {
    const c = await t.up({ args: ["sh", "-c", "setsid sleep 1001 & setsid sleep 1002 & sleep 0.2"] });
    await t.becomes(c.id, "stopped");
    assert.deepEqual(t.processes(c.bundle), []);
  });

  oci("a network namespace has lo, and it is up", { needs: ["network"] }, async (t) => {
    const text = await t.output({ args: ["ip", "link"], linux: { namespaces: namespaces("network") } });
    assert.match(text, /^1: lo: <LOOPBACK,UP/m);
    assert.equal(
      text.match(/^\d+: /gm)?.length,
      readFileSync("/proc/net/dev", "utf8").includes("tunl") ? 2 : text.match(/^\d+: /gm)?.length,
    );
    const pinged = await t.output({
      args: ["sh", "-c", "ifconfig lo | grep -c 127.0.0.1"],
      linux: { namespaces: namespaces("network") },
    });
    assert.equal(pinged, "1\n");
  });

  oci("a network namespace that is joined is not changed", { needs: ["network"] }, async (t) => {
    const one = await t.up({ args: ["sleep", "1000"], linux: { namespaces: namespaces("network") } });
    const list = namespaces({ type: "network", path: `/proc/${one.pid}/ns/net` });
    assert.match(await t.output({ args: ["ip", "link"], linux: { namespaces: list } }), /^1: lo: </m);
  });

  oci(
    "hostname is the uts namespace's",
    {
      needs: ["uts"],
      lacking: {
        parts: { hostname: "inner", linux: { namespaces: namespaces("uts") } },
        names: /uts namespace|hostname/,
      },
    },
    async (t) => {
      const own = readFileSync("/proc/sys/kernel/hostname", "utf8");
      assert.equal((await t.probe({ hostname: "inner.example" })).hostname, "inner.example");
      assert.equal(readFileSync("/proc/sys/kernel/hostname", "utf8"), own);
    },
  );

  oci("hostname without a uts namespace is an error: it would rename the machine", {}, async (t) => {
    const list = namespaces().filter(({ type }) => type !== "uts");
    assertFails(await t.run({ hostname: "inner", linux: { namespaces: list } }), 125, /hostname/);
  });

  oci("a hostname of more than 64 bytes is an error", { needs: ["uts"] }, async (t) => {
    assertFails(await t.run({ hostname: "x".repeat(65) }), 125, /hostname/);
  });

  oci(
    "domainname is the uts namespace's",
    {
      needs: ["uts"],
      lacking: {
        parts: { domainname: "inner", linux: { namespaces: namespaces("uts") } },
        names: /uts namespace|domainname/,
      },
      except: { runc: "runc 1.1.5 is older than domainname" },
    },
    async (t) => {
      const own = readFileSync("/proc/sys/kernel/domainname", "utf8");
      assert.equal((await t.probe({ domainname: "inner.test" })).domainname, "inner.test");
      assert.equal(readFileSync("/proc/sys/kernel/domainname", "utf8"), own);
    },
  );

  oci("domainname without a uts namespace is an error", { only: ["runch"] }, async (t) => {
    const list = namespaces().filter(({ type }) => type !== "uts");
    assertFails(await t.run({ domainname: "inner", linux: { namespaces: list } }), 125, /domainname/);
  });

  oci(
    "ids are mapped in a user namespace",
    { needs: ["user", "mounts"], lacking: { parts: { linux: linuxWith("user") }, names: /user namespace/ } },
    async (t) => {
      const text = await inUserNamespace(t, [
        "sh",
        "-c",
        "id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map",
      ]);
      assert.match(text, /^0\n0\n +0 +100000 +65536\n +0 +100000 +65536\n$/);
    },
  );

  oci("a process in a user namespace is another user outside", { needs: ["user"] }, async (t) => {
    const bundle = mappedBundle(t, { process: { user: { uid: 5, gid: 6 } } });
    const c = await t.up({}, { bundle });
    const status = readFileSync(`/proc/${c.pid}/status`, "utf8");
    assert.match(status, /^Uid:\t100005\t100005\t100005\t/m);
    assert.match(status, /^Gid:\t100006\t100006\t100006\t/m);
  });

  oci("several mappings, and groups beside users, are written", { needs: ["user", "mounts"] }, async (t) => {
    const linux = {
      uidMappings: [
        { containerID: 0, hostID: 100000, size: 10 },
        { containerID: 10, hostID: 0, size: 5 },
      ],
      gidMappings: [{ containerID: 0, hostID: 200000, size: 100 }],
    };
    const text = await inUserNamespace(t, ["cat", "/proc/self/uid_map", "/proc/self/gid_map"], { linux });
    assert.deepEqual(
      text
        .trim()
        .split("\n")
        .map((line) => line.trim().split(/ +/).map(Number)),
      [
        [0, 100000, 10],
        [10, 0, 5],
        [0, 200000, 100],
      ],
    );
  });

  oci("a user namespace has its capabilities inside alone", { needs: ["user", "mounts"] }, async (t) => {
    const process = {
      capabilities: Object.fromEntries(
        ["bounding", "effective", "permitted"].map((set) => [set, ["CAP_SYS_ADMIN", "CAP_CHOWN"]]),
      ),
    };
    const script =
      "mount -t tmpfs x /tmp && echo mounted; echo 1 >/proc/sys/kernel/panic 2>/dev/null || echo denied";
    const text = await inUserNamespace(t, ["sh", "-c", script], { process });
    assert.equal(text, "mounted\ndenied\n");
  });

  oci(
    "the runtime does not change the owners of the root filesystem for a user namespace",
    { needs: ["user"] },
    async (t) => {
      const bundle = mappedBundle(t, { args: ["true"] });
      const { status, stderr } = await t.run({}, { bundle });
      assert.equal(status, 0, stderr);
      assert.equal(statSync(join(bundle.rootfs, "bin/busybox")).uid, 0);
    },
  );

  oci("a uid that the user namespace has no mapping for is an error", { needs: ["user"] }, async (t) => {
    const process = { user: { uid: 70000, gid: 0 } };
    assertFails(
      await t.run({}, { bundle: mappedBundle(t, { args: ["true"], process }) }),
      125,
      /uid|user|70000/,
    );
  });

  oci(
    "a user namespace without mappings is an error",
    { needs: ["user"], except: { crun: "crun maps root by itself" } },
    async (t) => {
      assertFails(
        await t.run({ linux: { namespaces: namespaces("user") } }),
        125,
        /uidMappings|user namespace/,
      );
    },
  );

  oci("id mappings without a user namespace are an error", { only: ["runch"] }, async (t) => {
    assertFails(
      await t.run({ linux: { namespaces: namespaces(), ...mapped } }),
      125,
      /uidMappings|gidMappings|user namespace/,
    );
  });

  oci(
    "timeOffsets shift the clocks of a time namespace",
    {
      needs: ["time"],
      lacking: {
        parts: { linux: { namespaces: namespaces("time"), timeOffsets: { monotonic: { secs: 5 } } } },
        names: /time namespace|timeOffsets/,
      },
      except: {
        runc: "runc 1.1.5 knows no time namespaces",
        crun: "crun 1.8.1 takes offsets from an annotation alone",
      },
    },
    async (t) => {
      const before = Number(readFileSync("/proc/uptime", "utf8").split(".")[0]);
      const timeOffsets = { monotonic: { secs: 100000, nanosecs: 5 }, boottime: { secs: 200000 } };
      const seen = await t.probe({ linux: { namespaces: namespaces("time"), timeOffsets } });
      assert.ok(Math.abs(seen.monotonic - before - 100000) < 30, `${seen.monotonic} ${before}`);
      assert.ok(Math.abs(seen.boottime - before - 200000) < 30, `${seen.boottime} ${before}`);
    },
  );

  oci(
    "timeOffsets without a time namespace, or of another clock, are an error",
    { only: ["runch"], profiles: ["namespaces"] },
    async (t) => {
      const timeOffsets = { monotonic: { secs: 1 } };
      assertFails(await t.run({ linux: { namespaces: namespaces(), timeOffsets } }), 125, /timeOffsets/);
      assertFails(
        await t.run({ linux: { namespaces: namespaces("time"), timeOffsets: { realtime: { secs: 1 } } } }),
        125,
        /timeOffsets/,
      );
    },
  );

  oci(
    "in a cgroup namespace the container's cgroup is the root",
    { needs: ["cgroup", "mounts"] },
    async (t) => {
      const text = await t.output({
        args: ["cat", "/proc/self/cgroup"],
        linux: { namespaces: namespaces("cgroup") },
      });
      assert.match(text, /:memory:\/$/m);
    },
  );

  oci("seven namespaces at once work", { needs: ["pid", "user", "network", "cgroup"] }, async (t) => {
    const linux = { namespaces: namespaces("user", "network", "cgroup") };
    assert.equal(await inUserNamespace(t, ["echo", "ran"], { linux }), "ran\n");
  });
});
