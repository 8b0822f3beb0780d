/** runtime-spec config-linux.md, "Control groups", for the hierarchies of the first kind that this machine has; runc-update(8). */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Container, type OciTest, oci, topic } from "../support/oci.ts";
import { cgroupsWith } from "../support/oci-left.ts";
import { assertFails, until } from "../support/oci-test.ts";

/** A container with these resources, in a cgroup of its own name. */
function limited(
  t: OciTest,
  resources: object,
  args: readonly string[] = ["sleep", "1000"],
): Promise<Container> {
  return t.up({ args, linux: { cgroupsPath: `/${t.id()}`, resources } });
}

function folder(pid: number, controller: string): string {
  const line = readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .find((one) => one.split(":")[1]?.split(",").includes(controller));
  return join("/sys/fs/cgroup", controller, line?.split(":")[2] ?? "");
}

const value = (c: Container, file: string) =>
  readFileSync(join(folder(c.pid, file.split(".")[0] ?? ""), file), "utf8").trim();

const MB = 1024 * 1024;

topic("cgroups", () => {
  oci("cgroupsPath is the place of the container's cgroups", {}, async (t) => {
    const name = t.id();
    const c = await t.up({
      linux: { cgroupsPath: `/${name}/inner`, resources: { memory: { limit: 64 * MB } } },
    });
    assert.match(folder(c.pid, "memory"), new RegExp(`/${name}/inner$`));
    await t.ok("delete", "--force", c.id);
    assert.equal(existsSync(`/sys/fs/cgroup/memory/${name}/inner`), false);
    // what was made on the way may stay: it is not the container's own
    for (const path of cgroupsWith(name)) rmdirSync(path);
  });

  oci("the cgroups are gone after delete", {}, async (t) => {
    const c = await limited(t, { memory: { limit: 64 * MB }, pids: { limit: 50 } });
    const places = ["memory", "pids"].map((controller) => folder(c.pid, controller));
    for (const place of places) assert.ok(existsSync(place) && place.length > 22, place);
    await t.ok("delete", "--force", c.id);
    for (const place of places) assert.equal(existsSync(place), false, place);
  });

  const own = { only: ["runch"] } as const;

  oci("a cgroup that another container is in is refused, and left alone", own, async (t) => {
    const one = await limited(t, { pids: { limit: 50 } });
    const linux = { cgroupsPath: folder(one.pid, "pids").replace("/sys/fs/cgroup/pids", "") };
    const two = await t.run({ linux });
    assertFails(two, 125, /^vz: linux\.cgroupsPath: .* has processes already\nhint: .*\n$/);
    assertFails(await t.cli(["state", two.id]), 1, /does not exist/);
    // the next start takes away what the one before has written down as its own
    const init = t.bundle({ linux: { ...linux, namespaces: [] } });
    for (let i = 0; i < 2; i++) assertFails(await t.cli(["start", init.path]), 125, /has processes already/);
    await t.ok("delete", "--force", basename(init.path));
    assert.equal((await t.state(one.id)).status, "running");
    assert.equal(value(one, "pids.max"), "50");
  });

  oci("delete of a container that has ended leaves a cgroup to the one that has it now", own, async (t) => {
    const cgroupsPath = `/${t.id()}`;
    const one = await t.up({ args: ["true"], linux: { cgroupsPath } });
    await t.becomes(one.id, "stopped");
    const two = await t.up({ linux: { cgroupsPath } });
    assert.deepEqual(JSON.parse(await t.ok("ps", "-f", "json", one.id)), []);
    await t.ok("delete", one.id);
    assert.equal((await t.state(two.id)).status, "running");
    assert.ok(existsSync(folder(two.pid, "pids")));
  });

  for (const [what, resources, file, expected] of [
    ["memory.limit", { memory: { limit: 48 * MB } }, "memory.limit_in_bytes", String(48 * MB)],
    [
      "memory.reservation",
      { memory: { reservation: 24 * MB } },
      "memory.soft_limit_in_bytes",
      String(24 * MB),
    ],
    [
      "memory.swap",
      { memory: { limit: 48 * MB, swap: 64 * MB } },
      "memory.memsw.limit_in_bytes",
      String(64 * MB),
    ],
    ["memory.swappiness", { memory: { swappiness: 17 } }, "memory.swappiness", "17"],
    ["cpu.shares", { cpu: { shares: 333 } }, "cpu.shares", "333"],
    ["cpu.quota", { cpu: { quota: 40000, period: 80000 } }, "cpu.cfs_quota_us", "40000"],
    ["cpu.period", { cpu: { quota: 40000, period: 80000 } }, "cpu.cfs_period_us", "80000"],
    ["cpu.cpus", { cpu: { cpus: "0", mems: "0" } }, "cpuset.cpus", "0"],
    ["cpu.mems", { cpu: { cpus: "0-1", mems: "0" } }, "cpuset.mems", "0"],
    ["pids.limit", { pids: { limit: 77 } }, "pids.max", "77"],
  ] as const) {
    oci(`resources.${what} is applied`, {}, async (t) => {
      const c = await limited(t, resources);
      assert.equal(value(c, file), expected);
    });
  }

  for (const [what, resources, file, expected] of [
    ["cpu.burst", { cpu: { quota: 40000, period: 80000, burst: 20000 } }, "cpu.cfs_burst_us", "20000"],
    ["cpu.idle", { cpu: { idle: 1 } }, "cpu.idle", "1"],
  ] as const) {
    // runtime-spec 1.1: later than both references
    oci(
      `resources.${what} is applied`,
      {
        except: { runc: "runc 1.1.5 is older than this field", crun: "crun 1.8.1 is older than this field" },
      },
      async (t) => {
        assert.equal(value(await limited(t, resources), file), expected);
      },
    );
  }

  oci("resources.memory.disableOOMKiller is applied", {}, async (t) => {
    const c = await limited(t, { memory: { limit: 48 * MB, disableOOMKiller: true } });
    assert.match(value(c, "memory.oom_control"), /^oom_kill_disable 1$/m);
  });

  oci("resources.blockIO limits the rate of a device", {}, async (t) => {
    // the machine's own disk
    const [major, minor] = readFileSync("/proc/self/mountinfo", "utf8")
      .match(/^\S+ \S+ (\d+):(\d+) \S+ \/ /m)
      ?.slice(1)
      .map(Number) ?? [0, 0];
    const device = [{ major, minor, rate: 1000000 }];
    const c = await limited(t, {
      blockIO: {
        throttleReadBpsDevice: device,
        throttleWriteBpsDevice: device,
        throttleReadIOPSDevice: device,
        throttleWriteIOPSDevice: device,
      },
    });
    for (const file of ["read_bps", "write_bps", "read_iops", "write_iops"])
      assert.equal(value(c, `blkio.throttle.${file}_device`), `${major}:${minor} 1000000`);
  });

  oci("a program that takes more memory than its limit is killed", {}, async (t) => {
    const resources = { memory: { limit: 16 * MB, swap: 16 * MB } };
    const { status } = await t.run({
      args: ["sh", "-c", "x=$(head -c 60000000 /dev/zero | tr '\\0' x); echo survived"],
      linux: { cgroupsPath: `/${t.id()}`, resources },
    });
    assert.ok(status === 137 || status === 2 || status === 1, String(status));
  });

  oci("a program gets no more processes than pids.limit", {}, async (t) => {
    const resources = { pids: { limit: 5 } };
    const script = "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; echo forked all";
    const { stdout, stderr } = await t.run({
      args: ["sh", "-c", script],
      linux: { cgroupsPath: `/${t.id()}`, resources },
    });
    assert.match(stderr, /fork/);
    assert.ok(!stdout.includes("all"));
  });

  oci("resources.devices denies a device, and allows another", { barrier: "devices" }, async (t) => {
    const devices = [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 1, minor: 3, access: "rwm" },
    ];
    const c = await t.up({
      linux: {
        cgroupsPath: `/${t.id()}`,
        resources: { devices },
        devices: [{ path: "/dev/kmsg2", type: "c", major: 1, minor: 11, fileMode: 0o666 }],
      },
    });
    const list = value(c, "devices.list");
    assert.match(list, /^c 1:3 rwm$/m);
    assert.ok(!/^a \*:\*/m.test(list), list);
    assert.ok(!/ 1:11 /.test(list), list);
  });

  oci("a limit of -1 is none, and 0 pids are none", {}, async (t) => {
    const c = await limited(t, { memory: { limit: -1 }, pids: { limit: -1 } });
    assert.equal(value(c, "pids.max"), "max");
    assert.ok(Number(value(c, "memory.limit_in_bytes")) > 1e15);
  });

  oci("empty resources ask for nothing", {}, async (t) => {
    assert.equal((await t.run({ linux: { resources: {} } })).status, 0);
    assert.equal(
      (await t.run({ linux: { resources: { memory: {}, cpu: {}, pids: undefined, blockIO: {} } } })).status,
      0,
    );
  });

  oci("a limit that the kernel refuses is an error, or told", {}, async (t) => {
    const result = await t.run({
      linux: { cgroupsPath: `/${t.id()}`, resources: { cpu: { cpus: "4000" } } },
    });
    assertFails(
      result.status === 0 && /runs without .*cpu/.test(result.stderr) ? { ...result, status: 125 } : result,
      125,
      /cpu/,
    );
  });

  for (const [flags, file, expected] of [
    [["--memory", String(80 * MB)], "memory.limit_in_bytes", String(80 * MB)],
    [["--memory-reservation", String(20 * MB)], "memory.soft_limit_in_bytes", String(20 * MB)],
    [
      ["--memory", String(32 * MB), "--memory-swap", String(48 * MB)],
      "memory.memsw.limit_in_bytes",
      String(48 * MB),
    ],
    [["--cpu-share", "444"], "cpu.shares", "444"],
    [["--cpu-quota", "30000", "--cpu-period", "60000"], "cpu.cfs_quota_us", "30000"],
    [["--cpuset-cpus", "1"], "cpuset.cpus", "1"],
    [["--cpuset-mems", "0"], "cpuset.mems", "0"],
    [["--pids-limit", "55"], "pids.max", "55"],
  ] as const) {
    oci(
      `update ${flags.filter((flag) => flag.startsWith("--")).join(" ")} changes a container that runs`,
      {},
      async (t) => {
        const c = await limited(t, {
          memory: { limit: 64 * MB, swap: 128 * MB },
          cpu: { cpus: "0-1", mems: "0", shares: 200 },
          pids: { limit: 100 },
        });
        await t.ok("update", ...flags, c.id);
        assert.equal(value(c, file), expected);
      },
    );
  }

  oci("update --resources reads a file", {}, async (t) => {
    const c = await limited(t, { memory: { limit: 64 * MB }, pids: { limit: 100 } });
    const file = t.path("resources.json");
    writeFileSync(
      file,
      JSON.stringify({
        memory: { limit: 96 * MB },
        cpu: { shares: 555, quota: 30000, period: 60000 },
        pids: { limit: 44 },
      }),
    );
    await t.ok("update", "--resources", file, c.id);
    const seen = ["memory.limit_in_bytes", "cpu.shares", "cpu.cfs_quota_us", "pids.max"].map((name) =>
      value(c, name),
    );
    assert.deepEqual(seen, [String(96 * MB), "555", "30000", "44"]);
  });

  oci("update --resources - reads standard input", {}, async (t) => {
    const c = await limited(t, { pids: { limit: 100 } });
    const { status, stderr } = await t.cli(["update", "-r", "-", c.id], {
      input: JSON.stringify({ pids: { limit: 33 } }),
    });
    assert.equal(status, 0, stderr);
    assert.equal(value(c, "pids.max"), "33");
  });

  oci("update leaves alone what it does not name", {}, async (t) => {
    const c = await limited(t, { memory: { limit: 64 * MB }, pids: { limit: 100 } });
    await t.ok("update", "--pids-limit", "55", c.id);
    assert.equal(value(c, "memory.limit_in_bytes"), String(64 * MB));
  });

  oci("update of an unknown id, or with a value that is no number, is an error", {}, async (t) => {
    assertFails(await t.cli(["update", "--pids-limit", "5", "nosuch"]), 1);
    const c = await limited(t, { pids: { limit: 100 } });
    assertFails(await t.cli(["update", "--memory", "lots", c.id]), 64);
  });

  oci("pause stops all processes, and resume lets them go on", {}, async (t) => {
    const c = await t.up({
      args: ["sh", "-c", "while :; do echo x >>/tmp/log; sleep 0.02; done"],
      linux: { cgroupsPath: `/${t.id()}` },
    });
    const size = () =>
      existsSync(join(c.bundle.rootfs, "tmp/log"))
        ? readFileSync(join(c.bundle.rootfs, "tmp/log")).length
        : 0;
    await until("it to write", () => size() > 2);
    await t.ok("pause", c.id);
    assert.equal((await t.state(c.id)).status, "paused");
    const before = size();
    await sleep(200);
    assert.equal(size(), before);
    await t.ok("resume", c.id);
    assert.equal((await t.state(c.id)).status, "running");
    await until("it to write again", () => size() > before);
  });

  oci(
    "pause of what is paused or stopped, and resume of what runs, are errors",
    { only: ["runch", "runc"] },
    async (t) => {
      const c = await t.up({ linux: { cgroupsPath: `/${t.id()}` } });
      assertFails(await t.cli(["resume", c.id]), 1);
      await t.ok("kill", c.id, "KILL");
      await t.becomes(c.id, "stopped");
      assertFails(await t.cli(["pause", c.id]), 1);
    },
  );

  oci("a paused container can be deleted by force", {}, async (t) => {
    const c = await t.up({ linux: { cgroupsPath: `/${t.id()}` } });
    await t.ok("pause", c.id);
    await t.ok("delete", "--force", c.id);
    await until("its end", () => t.processes(c.bundle).length === 0);
  });

  oci("exec in a paused container is an error", {}, async (t) => {
    const c = await t.up({ linux: { cgroupsPath: `/${t.id()}` } });
    await t.ok("pause", c.id);
    assertFails(await t.cli(["exec", c.id, "true"]), 1);
    await t.ok("resume", c.id);
  });

  oci("events --stats is one object of figures", { except: { crun: "crun has no events" } }, async (t) => {
    const c = await limited(t, { memory: { limit: 64 * MB }, pids: { limit: 50 } });
    const event = JSON.parse(await t.ok("events", "--stats", c.id));
    assert.equal(event.type, "stats");
    assert.equal(event.id, c.id);
    assert.equal(event.data.pids.current, 1);
    assert.equal(event.data.pids.limit, 50);
    assert.equal(event.data.memory.usage.limit, 64 * MB);
    assert.ok(event.data.cpu.usage.total > 0);
  });

  oci(
    "events goes on, one line an interval, until the container ends",
    { except: { crun: "crun has no events" } },
    async (t) => {
      const c = await limited(t, { memory: { limit: 64 * MB } });
      let pid = 0;
      const ended = t.cli(["events", "--interval", "200ms", c.id], {
        started: (child) => {
          pid = child;
        },
      });
      const output = () => readFileSync(`/proc/${pid}/fd/1`, "utf8");
      await until("two lines", () => pid > 0 && output().split("\n").length > 2);
      await t.ok("kill", c.id, "KILL");
      const { stdout } = await ended;
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      assert.ok(lines.filter(({ type }) => type === "stats").length >= 2, stdout);
    },
  );

  oci("exec --cgroup puts the process in a cgroup below", { only: ["runch", "runc"] }, async (t) => {
    const c = await limited(t, { memory: { limit: 64 * MB } });
    const result = await t.cli(["exec", "--cgroup", "nosuch", c.id, "true"]);
    assert.notEqual(result.status, 0);
  });

  oci("ps and kill --all find processes by their cgroup, without a pid namespace", {}, async (t) => {
    const list = [{ type: "mount" }];
    const c = await t.up({
      args: ["sh", "-c", "setsid sleep 1001 & exec sleep 1000"],
      linux: { namespaces: list, cgroupsPath: `/${t.id()}` },
    });
    await until("two processes", () => t.processes(c.bundle).length === 2);
    assert.equal(JSON.parse(await t.ok("ps", "--format", "json", c.id)).length, 2);
    await t.ok("kill", "--all", c.id, "KILL");
    await until("their end", () => t.processes(c.bundle).length === 0);
  });
});
