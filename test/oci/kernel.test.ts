/** runtime-spec config-linux.md: "Sysctl", "Personality", and what this machine lacks. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { oci, topic } from "../support/oci.ts";
import { namespaces } from "../support/oci-bundle.ts";
import { assertFails } from "../support/oci-test.ts";

/** What uname(2) calls this machine, and with the personality LINUX32. */
const MACHINE =
  process.arch === "arm64" ? { own: "aarch64", narrow: /^armv\d+l$/ } : { own: "x86_64", narrow: /^i686$/ };

topic("kernel", () => {
  oci(
    "sysctls of the ipc namespace are set in it",
    {
      needs: ["ipc", "mounts"],
      lacking: {
        parts: { linux: { namespaces: namespaces("ipc"), sysctl: { "kernel.shm_rmid_forced": "1" } } },
        names: /ipc namespace|sysctl/,
      },
    },
    async (t) => {
      const own = readFileSync("/proc/sys/kernel/msgmax", "utf8");
      const sysctl = { "kernel.msgmax": "12345", "kernel.shm_rmid_forced": "1", "fs.mqueue.msg_max": "20" };
      const files = ["kernel/msgmax", "kernel/shm_rmid_forced", "fs/mqueue/msg_max"].map(
        (name) => `/proc/sys/${name}`,
      );
      assert.equal(await t.output({ args: ["cat", ...files], linux: { sysctl } }), "12345\n1\n20\n");
      assert.equal(readFileSync("/proc/sys/kernel/msgmax", "utf8"), own);
    },
  );

  oci("sysctls of the network namespace are set in it", { needs: ["network", "mounts"] }, async (t) => {
    const linux = {
      namespaces: namespaces("network"),
      sysctl: { "net.ipv4.ip_forward": "1", "net.core.somaxconn": "257" },
    };
    const args = ["cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/core/somaxconn"];
    assert.equal(await t.output({ args, linux }), "1\n257\n");
  });

  oci("a sysctl whose namespace the container does not have is an error", {}, async (t) => {
    const own = readFileSync("/proc/sys/net/core/somaxconn", "utf8");
    assertFails(await t.run({ linux: { sysctl: { "net.core.somaxconn": "99" } } }), 125, /sysctl/);
    assert.equal(readFileSync("/proc/sys/net/core/somaxconn", "utf8"), own);
  });

  oci("a sysctl that would be the whole machine's is an error", {}, async (t) => {
    const own = readFileSync("/proc/sys/vm/swappiness", "utf8");
    assertFails(await t.run({ linux: { sysctl: { "vm.swappiness": own.trim() } } }), 125, /sysctl/);
    for (const name of ["kernel.hostname/../../vm/swappiness", "../../../etc/passwd"])
      assertFails(await t.run({ linux: { sysctl: { [name]: "1" } } }), 125, /sysctl/);
  });

  oci(
    "a sysctl that does not exist, or a value that it refuses, is an error",
    { needs: ["ipc"] },
    async (t) => {
      assertFails(await t.run({ linux: { sysctl: { "fs.mqueue.nosuch": "1" } } }), 125, /sysctl/);
      assertFails(await t.run({ linux: { sysctl: { "kernel.msgmax": "lots" } } }), 125, /sysctl/);
    },
  );

  oci(
    "personality LINUX32 shows a 32-bit machine",
    { except: { runc: "runc 1.1.5 is older than this field of the specification" } },
    async (t) => {
      const seen = await t.probe({ linux: { personality: { domain: "LINUX32" } } });
      assert.match(seen.machine, MACHINE.narrow);
      assert.equal(seen.personality & 0xff, 8);
    },
  );

  oci("personality LINUX is the machine's own", {}, async (t) => {
    const seen = await t.probe({ linux: { personality: { domain: "LINUX" } } });
    assert.deepEqual([seen.machine, seen.personality], [MACHINE.own, 0]);
  });

  oci("without personality the caller's is not the program's, unless nobody asks for one", {}, async (t) => {
    assert.equal((await t.probe()).personality, 0);
  });

  oci(
    "a personality of another domain, or with flags, is an error",
    { except: { runc: "runc 1.1.5 is older than this field of the specification" } },
    async (t) => {
      assertFails(await t.run({ linux: { personality: { domain: "SOLARIS" } } }), 125, /personality/);
      assertFails(
        await t.run({ linux: { personality: { domain: "LINUX32", flags: ["X"] } } }),
        125,
        /personality/,
      );
    },
  );

  oci("what this machine lacks is told in auto and refused in strict", { only: ["runch"] }, async (t) => {
    for (const [name, parts] of [
      ["linux.intelRdt", { linux: { intelRdt: { closID: "x", l3CacheSchema: "L3:0=f" } } }],
      ["linux.mountLabel", { linux: { mountLabel: "system_u:object_r:x:s0" } }],
    ] as const) {
      const auto = await t.run(parts);
      assert.equal(auto.status, 0, auto.stderr);
      assert.match(auto.stderr, new RegExp(`^runch: ${auto.id}: runs without .*${name}`));
      assertFails(await t.run(parts, { global: ["--strict"] }), 125, new RegExp(name));
    }
  });
});
