import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../../../src/common/oci/oci.ts";
import { makePlan } from "../../../../src/slave/runch/config/plan.ts";
import { readAnnotations } from "../../../../src/slave/runch/life/bundle.ts";
import { planParts } from "../../../../src/slave/runch/life/parts.ts";
import { capabilitySets } from "../../../../src/slave/runch/process/capabilities.ts";
import { capabilityNames } from "../../../../src/slave/runch/process/granted-capabilities.ts";
import { type Isolation, Shortfalls } from "../../../../src/slave/runch/shortfalls.ts";

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

/** As plan, with the parts that only some bundles have, on a machine that has nothing. */
async function planAll(parts: Parts, isolation: Isolation = "auto", form: "exec" | "fork" = "exec") {
  const config = configOf(parts);
  const short = new Shortfalls(isolation);
  const made = makePlan(config, { bundle: "/b", form }, short);
  const unknown: string[] = [];
  const options = { id: "web", bundle: "/b", form, unknown, cgroups: true, console: () => -1 };
  return { parts: await planParts({ config, plan: made, options, short }), short: short.list, unknown };
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
    [{ process: { oomScoreAdj: 1001 } }, /oomScoreAdj/],
    [{ process: { user: { username: "x" } } }, /username/],
    [{ linux: { namespaces: [{ type: "mnt" }] } }, /"mnt" is no type/],
    [{ linux: { namespaces: [{ type: "uts" }, { type: "uts" }] } }, /there twice/],
    [{ linux: { rootfsPropagation: "wide" } }, /rootfsPropagation/],
    [{ domainname: "x" }, /domainname: without a uts namespace/],
    [{ linux: { personality: { domain: "constructor" } } }, /personality\.domain/],
    [{ linux: { devices: [{ type: "c", path: "/dev/x" }] } }, /devices\[0\]: without major/],
    [{ hostname: "x" }, /hostname: without a uts namespace/],
    [{ mounts: [{ destination: "/x" }] }, /neither a type nor/],
    [{ mounts: [{ destination: "", type: "proc" }] }, /without a destination/],
    [{ mounts: [{ destination: "/x", options: ["bind"] }] }, /without a source/],
  ];
  for (const [parts, message] of wrong) assert.throws(() => plan(parts), { status: 78, message });
});

test("so is a part that cannot mean anything", async () => {
  const ids = [{ containerID: 0, hostID: 1000, size: 1 }];
  const namespaces = [{ type: "user" }];
  const wrong: [Parts, RegExp][] = [
    [{ hooks: { prestart: [{ path: "bin/x" }] } }, /hooks\.prestart\[0\]\.path: not an absolute path/],
    [{ hooks: { poststop: [{ path: "/x", timeout: 0 }] } }, /hooks\.poststop\[0\]\.timeout/],
    [{ linux: { namespaces } }, /linux\.uidMappings: missing/],
    [{ linux: { namespaces, uidMappings: ids } }, /linux\.gidMappings: missing/],
    [{ linux: { namespaces, uidMappings: [{ ...ids[0], size: 0 }] } }, /uidMappings\[0\]: of size 0/],
    [{ linux: { uidMappings: ids } }, /uidMappings and linux\.gidMappings: without a user namespace/],
    [{ linux: { timeOffsets: { monotonic: { secs: 1 } } } }, /timeOffsets: without a new time namespace/],
    [{ linux: { sysctl: { "net/../x": "1" } } }, /sysctl/],
    [{ linux: { sysctl: { "net.core.somaxconn": "1" } } }, /sysctl\.net\.core\.somaxconn: .*whole machine/],
    [{ linux: { seccomp: { defaultAction: "ALLOW" } } }, /seccomp\.defaultAction/],
    [{ linux: { resources: { pids: { limit: "1" } } } }, /resources\.pids\.limit/],
    [{ linux: { cgroupsPath: "/a/../b" } }, /cgroupsPath/],
    [{ process: { scheduler: { policy: "SCHED_X" } } }, /scheduler\.policy/],
    [{ process: { ioPriority: { class: "IOPRIO_CLASS_BE", priority: 8 } } }, /ioPriority\.priority/],
    [{ process: { execCPUAffinity: { initial: "3-1" } } }, /execCPUAffinity\.initial/],
    [{ mounts: [{ destination: "/x", type: "proc", options: ["tmpcopyup"] }] }, /tmpcopyup: for tmpfs only/],
    [
      { mounts: [{ destination: "/x", type: "tmpfs", uidMappings: ids, gidMappings: ids }] },
      /bind mounts only/,
    ],
  ];
  for (const [parts, message] of wrong) {
    await assert.rejects(planAll(parts), { status: 78, message }, message.source);
  }
  const terminal = { process: { terminal: true } };
  await assert.rejects(planAll(terminal, "auto", "fork"), { status: 78, message: /process\.terminal/ });
});

/** What is asked for and not had, with the name that is told. */
const shortfalls: [Parts, string][] = [
  [{ linux: { namespaces: [{ type: "pid" }] } }, "pid namespace"],
  [{ linux: { namespaces: [{ type: "time" }] } }, "time namespace"],
  [{ process: { capabilities: { bounding: ["CAP_FLY"] } } }, 'process.capabilities.bounding: "CAP_FLY"'],
];
const shortParts: [Parts, string][] = [
  [{ linux: { resources: { memory: { limit: 1 } } } }, "linux.resources.memory.limit"],
  [{ linux: { intelRdt: { closID: "x" } } }, "linux.intelRdt"],
  [{ linux: { mountLabel: "x" } }, "linux.mountLabel"],
  [{ linux: { netDevices: { eth0: {} } } }, "linux.netDevices"],
  [{ linux: { memoryPolicy: { mode: "MPOL_BIND" } } }, "linux.memoryPolicy"],
  [{ process: { terminal: true } }, "process.terminal"],
];

test("what cannot be had is told in auto and refused in strict, never passed over", async () => {
  const refusal = (name: string) => (error: { status?: number; message: string }) =>
    error.status === 125 && error.message.startsWith(`${name}: `);
  for (const [parts, name] of shortfalls) {
    const { short } = plan(parts);
    assert.equal(short.length, 1, name);
    assert.ok(short[0]?.startsWith(`${name} (`), `${short[0]} names ${name}`);
    assert.throws(() => plan(parts, "strict"), refusal(name));
  }
  for (const [parts, name] of shortParts) {
    const { short } = await planAll(parts);
    assert.equal(short.length, 1, name);
    assert.ok(short[0]?.startsWith(`${name} (`), `${short[0]} names ${name}`);
    await assert.rejects(planAll(parts, "strict"), refusal(name), name);
  }
});

test("empty limits and lists ask for nothing", async () => {
  const linux = { resources: { memory: {}, devices: [] }, uidMappings: [], sysctl: {}, mountLabel: "" };
  assert.deepEqual((await planAll({ linux })).short, []);
});

test("fields of a part that nobody knows are handed back by name", async () => {
  const hooks = { poststop: [{ path: "/bin/true", colour: "red" }] };
  assert.deepEqual((await planAll({ hooks })).unknown, ["hooks.poststop[0].colour"]);
});

test("a fork can have a pid namespace; chroot is a choice and falls short of nothing", () => {
  const linux = { namespaces: [{ type: "mount" }, { type: "pid" }] };
  assert.deepEqual(plan({ linux }, "strict", "fork").namespaces, ["mount", "pid"]);
  const { namespaces, short } = plan({ linux }, "chroot");
  assert.deepEqual([namespaces, short], [[], []]);
});

test("all that falls short is told, a line each", () => {
  const short = new Shortfalls("auto");
  assert.equal(short.lines("web"), "");
  short.add("a", "why");
  short.add("b", "so");
  assert.equal(short.lines("web"), "runch: web: runs without a (why)\nrunch: web: runs without b (so)\n");
});

test("capabilities have the bits of linux/capability.h", () => {
  const sets = capabilitySets(
    { bounding: ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"] },
    new Shortfalls("auto"),
  );
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
