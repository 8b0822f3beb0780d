import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../../src/common/oci.ts";
import { readAnnotations } from "../../../src/slave/runch/bundle.ts";
import { capabilityNames, capabilitySets } from "../../../src/slave/runch/capabilities.ts";
import { makePlan } from "../../../src/slave/runch/plan.ts";
import { type Isolation, Shortfalls } from "../../../src/slave/runch/shortfalls.ts";

interface Parts {
  process?: object;
  linux?: object;
  [field: string]: unknown;
}

function configOf({ process, ...more }: Parts) {
  const whole = {
    ociVersion: "1.0.2",
    root: { path: "rootfs" },
    ...more,
    process: { cwd: "/", args: ["true"], ...process },
  };
  return readConfig(JSON.stringify(whole)).config;
}

function plan(parts: Parts, isolation: Isolation = "auto", form: "exec" | "fork" = "exec") {
  const short = new Shortfalls(isolation);
  const made = makePlan(configOf(parts), { bundle: "/b", form }, short);
  return { ...made, short: short.list };
}

test("paths are taken from the bundle", () => {
  assert.equal(plan({}).rootfs, "/b/rootfs");
  assert.equal(plan({ root: { path: "/srv/./r/" } }).rootfs, "/srv/r");
  const mounts = [{ destination: "/d", source: "data", options: ["bind"] }];
  assert.equal(plan({ mounts }).mounts[0]?.source, "/b/data");
});

test("nothing in config.json means the defaults of the specification", () => {
  const { credentials, devices, namespaces, short } = plan({});
  assert.deepEqual([credentials.uid, credentials.gid, credentials.umask], [0, 0, 0o022]);
  assert.equal(credentials.capabilities.bounding, 0n);
  assert.deepEqual(
    devices.map(({ path }) => path),
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"],
  );
  assert.deepEqual(namespaces, []);
  assert.deepEqual(short, []);
});

test("limits are found by name, and the highest number of Go is none", () => {
  const rlimits = [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 18446744073709551615n }];
  const json = JSON.stringify({
    ociVersion: "1.0.2",
    root: { path: "r" },
    process: { cwd: "/", args: ["a"] },
  });
  const text = json.replace(
    '"args"',
    `"rlimits":[{"type":"RLIMIT_NOFILE","soft":1024,"hard":${rlimits[0]?.hard}}],"args"`,
  );
  const made = makePlan(readConfig(text).config, { bundle: "/b", form: "exec" }, new Shortfalls("auto"));
  const expected = { name: "RLIMIT_NOFILE", resource: 7, soft: 1024, hard: Number.POSITIVE_INFINITY };
  assert.deepEqual(made.credentials.rlimits, [expected]);
});

test("a config.json that cannot mean anything is refused by the name of its field", () => {
  const wrong: [Parts, RegExp][] = [
    [{ process: { args: [] } }, /process\.args: empty/],
    [{ process: { cwd: "tmp" } }, /process\.cwd: not an absolute path/],
    [{ process: { env: ["A=1", "B"] } }, /process\.env\[1\]/],
    [{ process: { rlimits: [{ type: "RLIMIT_X", soft: 1, hard: 1 }] } }, /rlimits\[0\]: "RLIMIT_X"/],
    [{ process: { rlimits: [{ type: "RLIMIT_CPU", soft: 2, hard: 1 }] } }, /above the hard one/],
    [{ process: { capabilities: { bounding: ["CAP_FLY"] } } }, /bounding: CAP_FLY/],
    [{ process: { oomScoreAdj: 1001 } }, /oomScoreAdj/],
    [{ process: { user: { username: "x" } } }, /username/],
    [{ linux: { namespaces: [{ type: "mnt" }] } }, /"mnt" is no type/],
    [{ linux: { namespaces: [{ type: "uts" }, { type: "uts" }] } }, /there twice/],
    [{ linux: { rootfsPropagation: "shared" } }, /rootfsPropagation/],
    [{ linux: { personality: { domain: "constructor" } } }, /personality\.domain/],
    [{ linux: { devices: [{ type: "c", path: "/dev/x" }] } }, /devices\[0\]: without major/],
    [{ hostname: "x" }, /hostname: without a uts namespace/],
    [{ hooks: { prestart: [{ path: "/bin/x" }] } }, /hooks\.prestart/],
    [{ mounts: [{ destination: "/x" }] }, /neither a type nor/],
    [{ mounts: [{ destination: "/x", options: ["bind"] }] }, /without a source/],
  ];
  for (const [parts, message] of wrong) assert.throws(() => plan(parts), { status: 78, message });
});

/** What is asked for and not had, with the name that is told. */
const shortfalls: [Parts, string][] = [
  [{ linux: { namespaces: [{ type: "pid" }] } }, "pid namespace"],
  [{ linux: { namespaces: [{ type: "network" }] } }, "network namespace"],
  [{ linux: { seccomp: { defaultAction: "SCMP_ACT_ALLOW" } } }, "linux.seccomp"],
  [{ linux: { resources: { memory: { limit: 1 } } } }, "linux.resources.memory"],
  [{ linux: { sysctl: { "net.core.somaxconn": "1" } } }, "linux.sysctl.net.core.somaxconn"],
  [{ linux: { uidMappings: [{}] } }, "linux.uidMappings"],
  [{ linux: { intelRdt: {} } }, "linux.intelRdt"],
  [{ linux: { gidMappings: [{}] } }, "linux.gidMappings"],
  [{ linux: { timeOffsets: {} } }, "linux.timeOffsets"],
  [{ linux: { mountLabel: "x" } }, "linux.mountLabel"],
  [{ linux: { netDevices: {} } }, "linux.netDevices"],
  [{ linux: { memoryPolicy: {} } }, "linux.memoryPolicy"],
  [{ process: { ioPriority: {} } }, "process.ioPriority"],
  [{ process: { execCPUAffinity: {} } }, "process.execCPUAffinity"],
  [{ process: { apparmorProfile: "x" } }, "process.apparmorProfile"],
  [{ process: { selinuxLabel: "x" } }, "process.selinuxLabel"],
  [{ process: { terminal: true } }, "process.terminal"],
  [{ process: { scheduler: {} } }, "process.scheduler"],
  [{ domainname: "x" }, "domainname"],
  [{ mounts: [{ destination: "/sys/fs/cgroup", type: "cgroup" }] }, "mounts[0] (/sys/fs/cgroup)"],
];

test("what cannot be had is told in auto and refused in strict, never passed over", () => {
  for (const [parts, name] of shortfalls) {
    const { short } = plan(parts);
    assert.equal(short.length, 1, name);
    assert.ok(short[0]?.startsWith(`${name} (`), `${short[0]} names ${name}`);
    const strict = () => plan(parts, "strict");
    assert.throws(strict, (error: { status?: number; message: string }) => {
      return error.status === 125 && error.message.startsWith(`${name}: `);
    });
  }
});

test("empty limits and lists ask for nothing", () => {
  const linux = { resources: { memory: {}, devices: [] }, uidMappings: [], sysctl: {}, mountLabel: "" };
  assert.deepEqual(plan({ linux }).short, []);
});

test("a fork can have a pid namespace; chroot is a choice and falls short of nothing", () => {
  const linux = { namespaces: [{ type: "mount" }, { type: "pid" }] };
  assert.deepEqual(plan({ linux }, "strict", "fork").namespaces, ["mount", "pid"]);
  const { namespaces, short } = plan({ linux }, "chroot");
  assert.deepEqual([namespaces, short], [[], []]);
});

test("all that falls short is told in one line", () => {
  const short = new Shortfalls("auto");
  assert.equal(short.lines("web"), "");
  short.add("a", "why");
  short.add("b", "so");
  assert.equal(short.lines("web"), "runch: web: runs without a (why), b (so)\n");
});

test("capabilities have the bits of linux/capability.h", () => {
  const sets = capabilitySets({ bounding: ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"] });
  assert.equal(sets.bounding, 1n | (1n << 21n) | (1n << 40n));
  assert.deepEqual(capabilityNames(sets.bounding), ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"]);
});

test("vz's annotations are read, and nonsense in them is an error", () => {
  const read = (annotations: object) => readAnnotations(configOf({ annotations }));
  assert.deepEqual(read({ "vz.log": "/l", "vz.log.limit": "1048576", "vz.backoff": "true" }), {
    log: "/l",
    logLimit: 1048576,
    backoff: true,
    isolation: "auto",
  });
  for (const [name, value] of [
    ["vz.log", "l"],
    ["vz.log.limit", "1M"],
    ["vz.backoff", "yes"],
    ["vz.isolation", "none"],
  ] as const) {
    assert.throws(() => read({ [name]: value }), { status: 78, message: new RegExp(name) });
  }
});
