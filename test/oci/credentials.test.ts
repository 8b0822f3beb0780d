/** runtime-spec config.md, "POSIX process" and "Linux Process": limits, capabilities, scheduling, out-of-memory score. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { oci, topic } from "../support/oci.ts";
import { configOf } from "../support/oci-bundle.ts";
import { assertFails } from "../support/oci-test.ts";

/** linux/capability.h */
const CAP = { CHOWN: 0, DAC_OVERRIDE: 1, KILL: 5, SETUID: 7, NET_BIND_SERVICE: 10, SYS_ADMIN: 21 };
const SETS = ["bounding", "effective", "inheritable", "permitted", "ambient"] as const;

const capabilities = (names: readonly string[], sets: readonly string[] = SETS) => ({
  capabilities: Object.fromEntries(sets.map((set) => [set, names])),
});
/** Limits that an emulator could not keep to itself. */
const ofMemory: ReadonlySet<string> = new Set(["RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_AS"]);
const realTime = { barrier: "realTime" } as const;

topic("credentials", () => {
  oci("each set of capabilities is what is listed", {}, async (t) => {
    const process = {
      capabilities: {
        bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_BIND_SERVICE"],
        permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
        effective: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
        inheritable: [],
      },
    };
    const seen = (await t.probe({ process })).capabilities;
    assert.deepEqual(seen.bounding, [CAP.CHOWN, CAP.KILL, CAP.SETUID, CAP.NET_BIND_SERVICE]);
    assert.deepEqual(seen.inheritable, []);
    assert.deepEqual(seen.ambient, []);
    // execve(2) gives root the whole bounding set
    assert.deepEqual(seen.permitted, seen.bounding);
    assert.deepEqual(seen.effective, seen.bounding);
  });

  oci("without capabilities there are none, not even for root", {}, async (t) => {
    const seen = (await t.probe()).capabilities;
    for (const set of SETS) assert.deepEqual(seen[set], [], set);
  });

  oci("empty sets are none", {}, async (t) => {
    const seen = (await t.probe({ process: capabilities([]) })).capabilities;
    for (const set of SETS) assert.deepEqual(seen[set], [], set);
  });

  oci("ambient capabilities stay with another user than root", {}, async (t) => {
    const process = {
      user: { uid: 1000, gid: 1000 },
      ...capabilities(["CAP_NET_BIND_SERVICE", "CAP_CHOWN"]),
    };
    const seen = (await t.probe({ process })).capabilities;
    for (const set of SETS) assert.deepEqual(seen[set], [CAP.CHOWN, CAP.NET_BIND_SERVICE], set);
  });

  oci("without ambient capabilities another user than root has none that count", {}, async (t) => {
    const process = {
      user: { uid: 1000, gid: 1000 },
      ...capabilities(["CAP_CHOWN"], ["bounding", "permitted", "effective"]),
    };
    const seen = (await t.probe({ process })).capabilities;
    assert.deepEqual([seen.bounding, seen.effective, seen.permitted], [[CAP.CHOWN], [], []]);
  });

  oci("inheritable capabilities are kept", {}, async (t) => {
    const process = {
      user: { uid: 1000, gid: 1000 },
      ...capabilities(["CAP_KILL"], ["bounding", "permitted", "inheritable"]),
    };
    assert.deepEqual((await t.probe({ process })).capabilities.inheritable, [CAP.KILL]);
  });

  oci("a capability that nobody knows is a warning, and the container runs", {}, async (t) => {
    // config.md: "MUST be logged as a warning", "SHOULD NOT fail"
    const { status, stderr } = await t.run({ process: capabilities(["CAP_CHOWN", "CAP_NOSUCH"]) });
    assert.equal(status, 0, stderr);
    assert.match(stderr, /CAP_NOSUCH/);
  });

  oci("a capability that the machine does not grant is told, and the container runs", {}, async (t) => {
    // CAP_SYS_RESOURCE (24) is taken from the runtime itself
    const before = ["setpriv", "--bounding-set=-sys_resource", "--"];
    const { status, stdout, stderr } = await t.run(
      { args: ["probe"], process: capabilities(["CAP_CHOWN", "CAP_SYS_RESOURCE"]) },
      { before },
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).capabilities.effective, [CAP.CHOWN]);
    assert.match(stderr, /SYS_RESOURCE/i);
  });

  oci("noNewPrivileges keeps a set-user-id program from gaining", {}, async (t) => {
    for (const noNewPrivileges of [true, false]) {
      const bundle = t.bundle({
        args: ["/bin/gain"],
        process: {
          user: { uid: 1000, gid: 1000 },
          noNewPrivileges,
          ...capabilities(["CAP_CHOWN"], ["bounding"]),
        },
      });
      const file = join(bundle.rootfs, "bin/gain");
      copyFileSync(join(bundle.rootfs, "bin/probe"), file);
      chownSync(file, 0, 0);
      chmodSync(file, 0o4755);
      const seen = JSON.parse((await t.run({}, { bundle })).stdout);
      assert.equal(seen.noNewPrivileges, noNewPrivileges ? 1 : 0);
      assert.equal(seen.uid[1], noNewPrivileges ? 1000 : 0);
    }
  });

  for (const [type, soft, hard] of [
    ["RLIMIT_NOFILE", 99, 100],
    ["RLIMIT_CORE", 0, 0],
    ["RLIMIT_CPU", 1000, 2000],
    ["RLIMIT_FSIZE", 1048576, 2097152],
    ["RLIMIT_DATA", 268435456, 536870912],
    ["RLIMIT_STACK", 1048576, 8388608],
    ["RLIMIT_RSS", 1000000, 2000000],
    ["RLIMIT_NPROC", 500, 600],
    ["RLIMIT_MEMLOCK", 4096, 8192],
    ["RLIMIT_AS", 1073741824, 8589934592],
    ["RLIMIT_LOCKS", 5, 6],
    ["RLIMIT_SIGPENDING", 50, 60],
    ["RLIMIT_MSGQUEUE", 1000, 2000],
    ["RLIMIT_NICE", 0, 0],
    ["RLIMIT_RTPRIO", 0, 0],
    ["RLIMIT_RTTIME", 1000000, 2000000],
  ] as const) {
    oci(
      `${type} is set, soft and hard`,
      { barrier: ofMemory.has(type) ? "memoryLimits" : undefined },
      async (t) => {
        const { rlimits } = await t.probe({ process: { rlimits: [{ type, soft, hard }] } });
        assert.deepEqual(rlimits[type], [String(soft), String(hard)]);
      },
    );
  }

  oci("a limit of 2^64 - 1 is none", {}, async (t) => {
    const rlimits = [{ type: "RLIMIT_CPU", soft: 5, hard: "MAX" }];
    const config = JSON.stringify(configOf({ args: ["probe"], process: { rlimits } }));
    const text = config.replace('"MAX"', "18446744073709551615");
    const { status, stdout, stderr } = await t.run(text);
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).rlimits.RLIMIT_CPU, ["5", "18446744073709551615"]);
  });

  oci("a limit that is not raised may be above 32 bits", { barrier: "memoryLimits" }, async (t) => {
    const { rlimits } = await t.probe({
      process: { rlimits: [{ type: "RLIMIT_AS", soft: 5000000000, hard: 6000000000 }] },
    });
    assert.deepEqual(rlimits["RLIMIT_AS"], ["5000000000", "6000000000"]);
  });

  oci(
    "a limit that has no such type, or comes twice, or whose soft is above its hard, is an error",
    {},
    async (t) => {
      const one = { type: "RLIMIT_NOFILE", soft: 10, hard: 20 };
      assertFails(await t.run({ process: { rlimits: [{ ...one, type: "RLIMIT_NOSUCH" }] } }), 125, /rlimits/);
      assertFails(await t.run({ process: { rlimits: [{ ...one, soft: 30 }] } }), 125, /rlimits/);
      assertFails(await t.run({ process: { rlimits: [one, { ...one, hard: 30 }] } }), 125, /rlimits/);
    },
  );

  oci("oomScoreAdj is the program's", {}, async (t) => {
    const c = await t.up({ process: { oomScoreAdj: 321 } });
    assert.equal(readFileSync(`/proc/${c.pid}/oom_score_adj`, "utf8"), "321\n");
  });

  oci("without oomScoreAdj the score is not changed", {}, async (t) => {
    const before = ["sh", "-c", 'echo 77 >/proc/self/oom_score_adj; exec "$@"', "sh"];
    const c = await t.up({}, { before });
    assert.equal(readFileSync(`/proc/${c.pid}/oom_score_adj`, "utf8"), "77\n");
  });

  oci("an oomScoreAdj out of its range is an error", {}, async (t) => {
    assertFails(await t.run({ process: { oomScoreAdj: 1001 } }), 125, /oomScoreAdj/);
  });

  // runtime-spec 1.1 and 1.2: later than Debian's runc 1.1.5 and crun 1.8.1, which ignore them as unknown
  const later = {
    except: {
      runc: "runc 1.1.5 is older than this field of the specification",
      crun: "crun 1.8.1 is older than this field of the specification",
    },
  };
  for (const [policy, number, more] of [
    ["SCHED_BATCH", 3, { nice: 5 }],
    ["SCHED_IDLE", 5, {}],
    ["SCHED_OTHER", 0, { nice: 7 }],
    ["SCHED_FIFO", 1, { priority: 3 }],
    ["SCHED_RR", 2, { priority: 4 }],
  ] as const) {
    oci(
      `scheduler ${policy} is applied`,
      "priority" in more ? { ...later, ...realTime } : later,
      async (t) => {
        const { scheduler } = await t.probe({ process: { scheduler: { policy, ...more } } });
        assert.equal(scheduler.policy, number);
        if ("nice" in more) assert.equal(scheduler.nice, more.nice);
        if ("priority" in more) assert.equal(scheduler.priority, more.priority);
      },
    );
  }

  oci("scheduler SCHED_DEADLINE is applied with its times", { ...later, ...realTime }, async (t) => {
    const scheduler = {
      policy: "SCHED_DEADLINE",
      runtime: 10_000_000,
      deadline: 50_000_000,
      period: 100_000_000,
    };
    const c = await t.up({ process: { scheduler } });
    const text = readFileSync(`/proc/${c.pid}/sched`, "utf8");
    assert.match(text, /^policy +: +6$/m);
    assert.match(text, /^dl\.runtime +: +\d+$/m);
  });

  oci("scheduler flags are applied", later, async (t) => {
    const scheduler = { policy: "SCHED_BATCH", flags: ["SCHED_FLAG_RESET_ON_FORK"] };
    assert.equal((await t.probe({ process: { scheduler } })).scheduler.flags & 1, 1);
  });

  oci("an unknown scheduler policy or flag is an error", later, async (t) => {
    assertFails(await t.run({ process: { scheduler: { policy: "SCHED_NOSUCH" } } }), 125, /scheduler/);
    assertFails(
      await t.run({ process: { scheduler: { policy: "SCHED_OTHER", flags: ["X"] } } }),
      125,
      /scheduler/,
    );
  });

  for (const [word, number, priority] of [
    ["IOPRIO_CLASS_RT", 1, 3],
    ["IOPRIO_CLASS_BE", 2, 6],
    ["IOPRIO_CLASS_IDLE", 3, 0],
  ] as const) {
    oci(
      `ioPriority ${word} is applied`,
      word === "IOPRIO_CLASS_RT" ? { ...later, ...realTime } : later,
      async (t) => {
        const process = { ioPriority: { class: word, priority } };
        const seen = (await t.probe({ process })).ioPriority;
        assert.equal(seen.class, number);
        if (number !== 3) assert.equal(seen.priority, priority);
      },
    );
  }

  oci("an unknown class of ioPriority is an error", later, async (t) => {
    assertFails(
      await t.run({ process: { ioPriority: { class: "IOPRIO_CLASS_X", priority: 1 } } }),
      125,
      /ioPriority/,
    );
  });

  oci("execCPUAffinity holds for what exec starts, not for the container", later, async (t) => {
    const c = await t.up({ process: { execCPUAffinity: { initial: "0", final: "0" } } });
    const { status, stdout, stderr } = await t.cli(["exec", c.id, "probe"]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).cpus, [0]);
    assert.match(readFileSync(`/proc/${c.pid}/status`, "utf8"), /^Cpus_allowed_list:\t0-1$/m);
  });

  oci(
    "apparmorProfile and selinuxLabel are told where the kernel has neither",
    { only: ["runch"] },
    async (t) => {
      for (const field of ["apparmorProfile", "selinuxLabel"]) {
        const { status, stderr } = await t.run({ process: { [field]: "something" } });
        assert.equal(status, 0, stderr);
        assert.match(stderr, new RegExp(`runs without process\\.${field}`));
        const strict = await t.run({ process: { [field]: "something" } }, { global: ["--strict"] });
        assertFails(strict, 125, new RegExp(`process\\.${field}`));
      }
    },
  );
});
