import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { base } from "../support/machine.ts";

/**
 * Cgroups on the kernel of this machine: version 1, and version 2 beside it. What the machine lacks is skipped. Only cgroups
 * whose names begin with vz- are made, and they are removed.
 */
const dir = mkdtempSync(join(tmpdir(), "vz-cgroup-"));
const program = join(dir, "plays.qbc");
const children: ChildProcess[] = [];
/** Directories to remove when a test has failed on its way. */
const leftovers: string[] = [];

interface Answer {
  value?: unknown;
  error?: string;
  status?: number;
}

function play(name: string, ...args: unknown[]): Answer {
  const { status, stdout, stderr } = spawnSync(base, [program, name, JSON.stringify(args)], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Answer;
}

function ask<T>(name: string, ...args: unknown[]): T {
  const { value, error } = play(name, ...args);
  assert.equal(error, undefined);
  return value as T;
}

interface Created {
  planned: string[];
  dirs: string[];
  short: string[];
  unknown: string[];
}

let count = 0;
function create(resources: unknown, more: { cgroupsPath?: string; without?: string[] } = {}): Created {
  const cgroupsPath = more.cgroupsPath ?? `/vz-e2e-${process.pid}-${count++}`;
  const created = ask<Created>("create", { resources, ...more, cgroupsPath });
  leftovers.push(...created.dirs);
  return created;
}

/** The directory of a controller: this machine mounts each by itself under its name. */
function at(dirs: readonly string[], controller: string): string {
  const found = dirs.find((one) => one.split("/").some((part) => part.split(",").includes(controller)));
  assert.ok(found !== undefined, controller);
  return found;
}
const read = (path: string) => readFileSync(path, "utf8").trim();

/** A shell that waits for a line before it does `script`, so that it can be put into a cgroup before. */
function waiting(script: string): ChildProcess & { pid: number } {
  const child = spawn("/bin/sh", ["-c", `read line; ${script}`], { stdio: ["pipe", "pipe", "pipe"] });
  children.push(child);
  assert.ok(child.pid !== undefined);
  return child as ChildProcess & { pid: number };
}

async function outputIn(dirs: readonly string[], script: string): Promise<string> {
  const child = waiting(script);
  ask("join", dirs, child.pid);
  let text = "";
  child.stdout?.on("data", (part) => {
    text += String(part);
  });
  child.stdin?.end("go\n");
  await once(child, "close");
  return text;
}

function sleeperIn(dirs: readonly string[], script = "exec sleep 60"): ChildProcess & { pid: number } {
  const child = waiting(script);
  ask("join", dirs, child.pid);
  child.stdin?.end("go\n");
  return child;
}

interface Hierarchy {
  version: number;
  mountPoint: string;
  controllers: string[];
}
let machine: Hierarchy[] = [];
let rootControllers = "";
const unified = () => machine.find(({ version }) => version === 2)?.mountPoint;

before(() => {
  const file = "test/support/cgroup-plays.ts";
  const made = spawnSync(process.execPath, ["scripts/build/base-program.mjs", file, program]);
  assert.equal(made.status, 0, String(made.stderr));
  machine = ask<Hierarchy[]>("hierarchies");
  if (unified() !== undefined) rootControllers = read(`${unified()}/cgroup.subtree_control`);
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  const dirs = leftovers.splice(0);
  ask("kill", dirs);
  ask("remove", dirs);
});

after(() => {
  rmSync(dir, { recursive: true, force: true });
  const root = unified();
  if (root === undefined) return;
  // what limits of version 2 needed was handed down by the machine's root
  const now = read(`${root}/cgroup.subtree_control`).split(" ").filter(Boolean);
  const added = now.filter((name) => !rootControllers.split(" ").includes(name));
  if (added.length > 0)
    writeFileSync(`${root}/cgroup.subtree_control`, added.map((name) => `-${name}`).join(" "));
});

const has = (...names: string[]) => {
  const mounted = readFileSync("/proc/self/cgroup", "utf8");
  return names.every((name) => new RegExp(`^\\d+:([^:]*,)?${name}[,:]`, "m").test(mounted));
};
const noV1 = has("memory", "pids", "cpu", "cpuset", "freezer", "devices") ? false : "needs cgroup version 1";
const noV2 = /^0::/m.test(readFileSync("/proc/self/cgroup", "utf8")) ? false : "needs cgroup version 2";

test("the hierarchies are those that /proc/self/cgroup lists, each at a directory with its control files", () => {
  const lines = read("/proc/self/cgroup").split("\n");
  for (const { mountPoint, controllers, version } of machine) {
    assert.ok(existsSync(`${mountPoint}/cgroup.procs`), mountPoint);
    if (version === 1) assert.ok(lines.some((line) => line.includes(`:${controllers.join(",")}:`)));
  }
  assert.ok(machine.length <= lines.length);
});

test("limits of version 1 are written into their files, and nothing is told", { skip: noV1 }, () => {
  const { dirs, planned, short } = create({
    memory: { limit: 64 * 2 ** 20, swap: 96 * 2 ** 20, reservation: 32 * 2 ** 20, swappiness: 7 },
    cpu: { shares: 512, quota: 20000, period: 50000, cpus: "0", mems: "0" },
    pids: { limit: 17 },
  });
  assert.deepEqual(short, []);
  assert.deepEqual(dirs, planned);
  const value = (controller: string, file: string) => read(`${at(dirs, controller)}/${file}`);
  assert.equal(value("memory", "memory.limit_in_bytes"), "67108864");
  assert.equal(value("memory", "memory.memsw.limit_in_bytes"), "100663296");
  assert.equal(value("memory", "memory.soft_limit_in_bytes"), "33554432");
  assert.equal(value("memory", "memory.swappiness"), "7");
  assert.equal(value("cpu", "cpu.shares"), "512");
  assert.equal(value("cpu", "cpu.cfs_quota_us"), "20000");
  assert.equal(value("cpu", "cpu.cfs_period_us"), "50000");
  assert.equal(value("cpuset", "cpuset.cpus"), "0");
  assert.equal(value("pids", "pids.max"), "17");
});

test("processes join all hierarchies, are listed with those of sub-cgroups, and killed", {
  skip: noV1,
}, async () => {
  const { dirs } = create({ pids: { limit: 50 } });
  const first = sleeperIn(dirs);
  const second = sleeperIn(dirs);
  const inner = `${at(dirs, "pids")}/vz-inner`;
  mkdirSync(inner);
  writeFileSync(`${inner}/cgroup.procs`, String(second.pid));
  const lines = read(`/proc/${first.pid}/cgroup`).split("\n");
  for (const line of lines) assert.ok(line.endsWith(`/${basename(dirs[0] ?? "")}`), line);
  assert.deepEqual(
    ask("processes", [at(dirs, "pids")]),
    [first.pid, second.pid].sort((a, b) => a - b),
  );
  const ended = Promise.all([once(first, "exit"), once(second, "exit")]);
  assert.deepEqual(ask("kill", dirs), []);
  for (const [, signal] of await ended) assert.equal(signal, "SIGKILL");
  ask("remove", dirs);
  for (const one of dirs) assert.equal(existsSync(one), false, one);
});

test("a signal other than KILL reaches every process", { skip: noV1 }, async () => {
  const { dirs } = create({ pids: { limit: 50 } });
  const child = sleeperIn(dirs);
  const ended = once(child, "exit");
  ask("kill", dirs, 15);
  assert.deepEqual(await ended, [null, "SIGTERM"]);
});

test("processes that fork without end are killed all, without cgroup.kill", { skip: noV1 }, async () => {
  const { dirs } = create({ pids: { limit: 300 } }, { without: ["2"] });
  const child = sleeperIn(dirs, "while :; do (exec sleep 0.05) & done 2>/dev/null");
  const pids = at(dirs, "pids");
  while (Number(read(`${pids}/pids.current`)) < 20) await new Promise((done) => setTimeout(done, 5));
  const ended = once(child, "exit");
  assert.deepEqual(ask("kill", dirs), []);
  await ended;
  ask("remove", dirs);
  assert.equal(existsSync(pids), false);
});

test("pids.limit holds: the fork above it fails", { skip: noV1 }, async () => {
  const { dirs } = create({ pids: { limit: 2 } });
  const text = await outputIn(dirs, "{ sleep 0.2 & sleep 0.2 & sleep 0.2; wait; echo forked; } 2>&1");
  assert.match(text, /fork/i);
  assert.doesNotMatch(text, /forked/);
});

test("memory.limit holds: the kernel kills, and the count of it is read", { skip: noV1 }, async () => {
  const { dirs } = create({ memory: { limit: 16 * 2 ** 20, swap: 16 * 2 ** 20 } });
  assert.equal(ask("oom", dirs), 0);
  const text = await outputIn(dirs, "head -c 64000000 /dev/zero | tail -c 63000000 | wc -c; echo after");
  assert.doesNotMatch(text, /63000000/);
  // more than one where the kernel looks for memory again before the first of the pipe is gone
  const kills = /^oom_kill (\d+)$/m.exec(read(`${at(dirs, "memory")}/memory.oom_control`))?.[1];
  assert.ok(Number(kills) > 0, kills);
  assert.equal(ask("oom", dirs), Number(kills));
});

test("devices of version 1: what is not allowed cannot be made or opened, the usual ones can", {
  skip: noV1,
}, async () => {
  const { dirs, short } = create({
    devices: [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 1, minor: 11, access: "r" },
    ],
  });
  assert.deepEqual(short, []);
  const list = read(`${at(dirs, "devices")}/devices.list`).split("\n");
  assert.deepEqual(
    list.sort(),
    // runc 1.1's, but for the tun device, and what is asked for
    ["b *:* m", "c *:* m", "c 136:* rwm", "c 1:11 r", ...[3, 5, 7, 8, 9].map((minor) => `c 1:${minor} rwm`)]
      .concat([0, 1, 2].map((minor) => `c 5:${minor} rwm`))
      .sort(),
  );
  assert.equal(await outputIn(dirs, deviceScript()), "null zero made made-block denied denied ");
});

/** Says what works: null and zero; making kmsg and a disk; opening the disk; writing to kmsg. */
function deviceScript(): string {
  const [kmsg, disk] = [join(dir, `kmsg-${count}`), join(dir, `disk-${count++}`)];
  return [
    "echo x >/dev/null && printf 'null '",
    "head -c 1 /dev/zero >/dev/null && printf 'zero '",
    `mknod ${kmsg} c 1 11 && printf 'made '`,
    `mknod ${disk} b 7 0 && printf 'made-block '`,
    `{ head -c 1 ${disk} >/dev/null; } 2>&1 | grep -q 'not permitted' && printf 'denied '`,
    `{ true >${kmsg}; } 2>&1 | grep -q 'not permitted' && printf 'denied '`,
  ].join("; ");
}

test("devices of version 2 are a program in the kernel that decides the same", { skip: noV2 }, async () => {
  const rules = [
    { allow: false, access: "rwm" },
    { allow: true, type: "c", major: 1, minor: 11, access: "r" },
  ];
  const { dirs, short } = create({ devices: rules }, { without: ["1"] });
  assert.deepEqual(short, []);
  assert.equal(await outputIn(dirs, deviceScript()), "null zero made made-block denied denied ");
});

test("a device program obeys the order of the rules, for each kind of access by itself", {
  skip: noV2,
}, async () => {
  const node = join(dir, "kmsg");
  spawnSync("mknod", [node, "c", "1", "11"]);
  const tries = `{ true <${node}; } 2>/dev/null && printf 'read '; { true >>${node}; } 2>/dev/null && printf 'write '; printf .`;
  const kmsg = (allow: boolean, access: string) => ({ allow, type: "c", major: 1, minor: 11, access });
  const all = (allow: boolean) => ({ allow, type: "a", access: "rwm" });
  const cases: [rules: unknown[], text: string][] = [
    [[kmsg(false, "w")], "read ."],
    [[kmsg(false, "rw"), kmsg(true, "w")], "write ."],
    [[all(false), kmsg(true, "r"), kmsg(true, "w")], "read write ."],
    [[all(false), { allow: true, type: "c", major: 1, access: "rw" }, kmsg(false, "w")], "read ."],
    [[kmsg(false, "rw"), all(true), { allow: false, type: "b", access: "rwm" }], "read write ."],
    [[all(false), { allow: true, major: 1, access: "r" }], "read ."],
  ];
  for (const [devices, text] of cases) {
    const { dirs } = create({ devices }, { without: ["1"] });
    assert.equal(await outputIn(dirs, tries), text, JSON.stringify(devices));
  }
});

test("a later rule that version 1 cannot hold is told", { skip: noV1 }, () => {
  const { short } = create({
    devices: [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 7, access: "rw" },
      { allow: false, type: "c", major: 7, minor: 3, access: "w" },
    ],
  });
  assert.deepEqual(short, [
    "linux.resources.devices (cgroup version 1 cannot take c 7:3 w out of a wider rule before it)",
  ]);
});

for (const [version, without, skip] of [
  ["1", ["2"], noV1],
  ["2", ["1"], noV2],
] as const) {
  test(`freezing stops processes and thawing lets them go on: version ${version}`, { skip }, async () => {
    const { dirs } = create({}, { without: [...without] });
    const child = sleeperIn(dirs, "while :; do sleep 0.01; done");
    assert.equal(ask("isFrozen", dirs), false);
    ask("freeze", dirs, true);
    assert.equal(ask("isFrozen", dirs), true);
    const ticks = () => read(`/proc/${child.pid}/stat`).split(" ").slice(10, 17).join(" ");
    const then = ticks();
    await new Promise((done) => setTimeout(done, 100));
    assert.equal(ticks(), then);
    ask("freeze", dirs, false);
    assert.equal(ask("isFrozen", dirs), false);
    ask("freeze", dirs, true);
    const ended = once(child, "exit");
    assert.deepEqual(ask("kill", dirs), []);
    assert.deepEqual(await ended, [null, "SIGKILL"]);
  });
}

test("thawing what is to be killed lets nobody else go on", { skip: noV1 }, () => {
  const { dirs } = create({}, { without: ["2"] });
  const freezer = at(dirs, "freezer");
  const [one, two] = [sleeperIn(dirs), sleeperIn(dirs)];
  ask("freeze", dirs, true);
  ask("thaw", one.pid, [one.pid]);
  assert.equal(read(`${freezer}/freezer.state`), "FROZEN");
  ask("thaw", one.pid, [one.pid, two.pid]);
  assert.equal(read(`${freezer}/freezer.state`), "THAWED");
  // frozen by the cgroup above, which is another's
  mkdirSync(`${freezer}/inner`);
  ask("join", [`${freezer}/inner`], one.pid);
  ask("freeze", dirs, true);
  ask("thaw", one.pid, [one.pid, two.pid]);
  assert.equal(read(`${freezer}/freezer.state`), "FROZEN");
});

test("without a freezer a pause is an error that says what is missing", { skip: noV1 }, () => {
  const { error, status } = play("freeze", [], true);
  assert.equal(error, "pause: the container has no cgroup");
  assert.equal(status, 125);
  const { dirs } = create({ pids: { limit: 5 } }, { without: ["2", "freezer"] });
  assert.equal(
    play("freeze", dirs, true).error,
    "pause: neither the controller freezer nor cgroup.freeze is here",
  );
});

test("a limit whose controller is not here is told by its name", { skip: noV1 }, () => {
  const resources = { memory: { limit: 1e8, swap: -1 }, pids: { limit: -1 }, cpu: { cpus: "0" } };
  const { short } = create(resources, { without: ["memory", "pids", "cpuset", "2"] });
  assert.deepEqual(short, [
    "linux.resources.memory.limit (no cgroup controller memory here)",
    "linux.resources.cpu.cpus (no cgroup controller cpuset here)",
  ]);
});

test("a value that the kernel refuses is told, and the others are set", { skip: noV1 }, () => {
  const { dirs, short } = create({ cpu: { cpus: "4095", shares: 300 } });
  assert.equal(short.length, 1);
  assert.match(short[0] ?? "", /^linux\.resources\.cpu\.cpus \(/);
  assert.equal(read(`${at(dirs, "cpu")}/cpu.shares`), "300");
});

test("a cgroup in which others are is refused, and left alone", { skip: noV1 }, () => {
  const { dirs } = create({});
  const child = sleeperIn(dirs);
  const { error, status } = play("create", { cgroupsPath: `/${basename(dirs[0] ?? "")}` });
  assert.match(error ?? "", /^linux\.cgroupsPath: .* has processes already$/);
  assert.equal(status, 125);
  assert.deepEqual(ask("processes", dirs), [child.pid]);
});

test("removal takes what the container made below, and waits no longer than two seconds for the rest", {
  skip: noV1,
}, () => {
  const { dirs } = create({});
  const pids = at(dirs, "pids");
  mkdirSync(`${pids}/a/b`, { recursive: true });
  const child = sleeperIn([pids]);
  const start = Date.now();
  assert.match(play("remove", [pids]).error ?? "", /^cgroup .*: resource busy or locked$/);
  assert.ok(Date.now() - start < 4000);
  assert.ok(existsSync(`/proc/${child.pid}`));
  child.kill("SIGKILL");
  ask("remove", dirs);
  ask("remove", dirs);
  assert.equal(existsSync(pids), false);
});

test("removal touches nothing that is no cgroup", () => {
  const folder = join(dir, "folder");
  mkdirSync(folder);
  ask("remove", [folder, `${folder}/none`, "/sys/fs/cgroup/../../..", ""]);
  assert.ok(existsSync(folder));
  rmdirSync(folder);
});

test("a path below another is made with all between, with CPUs in version 1's cpuset", { skip: noV1 }, () => {
  const top = `/vz-e2e-${process.pid}-deep`;
  const { dirs } = create({ cpu: { shares: 100 } }, { cgroupsPath: `${top}/b/c` });
  leftovers.push(...dirs.map((one) => one.slice(0, -2)), ...dirs.map((one) => one.slice(0, -4)));
  const cpuset = at(dirs, "cpuset");
  assert.equal(read(`${cpuset}/cpuset.cpus`), read(`${cpuset}/../../../cpuset.cpus`));
  sleeperIn(dirs);
});

test("an update raises and lowers memory and swap in either direction", { skip: noV1 }, () => {
  const { dirs } = create({ memory: { limit: 32 * 2 ** 20, swap: 32 * 2 ** 20 } });
  const memory = at(dirs, "memory");
  const limits = () =>
    ["limit_in_bytes", "memsw.limit_in_bytes"].map((file) => read(`${memory}/memory.${file}`));
  ask("update", dirs, { memory: "64M", "memory-swap": "128M" });
  assert.deepEqual(limits(), [String(64 * 2 ** 20), String(128 * 2 ** 20)]);
  ask("update", dirs, { memory: "16M", "memory-swap": "16M" });
  assert.deepEqual(limits(), [String(16 * 2 ** 20), String(16 * 2 ** 20)]);
  ask("update", dirs, { memory: "-1" });
  assert.ok(limits().every((limit) => Number(limit) > 2 ** 62));
});

test("an update that cannot be done is an error, and changes nothing", { skip: noV1 }, () => {
  const { dirs } = create({ pids: { limit: 20 }, cpu: { shares: 200, cpus: "0" } });
  const { error, status } = play("update", dirs, {
    "pids-limit": "30",
    "cpu-share": "100",
    "cpuset-cpus": "4095",
  });
  assert.match(error ?? "", /^cpu\.cpus: /);
  assert.equal(status, 1);
  assert.equal(read(`${at(dirs, "cpu")}/cpu.shares`), "200");
  assert.equal(read(`${at(dirs, "pids")}/pids.max`), "20");
  assert.equal(
    play("update", dirs, { memory: "64M" }, ["memory"]).error,
    "memory.limit: no cgroup controller memory here",
  );
  assert.equal(play("update", [], { memory: "64M" }).error, "the container has no cgroup");
});

test("limits of version 2 are written where it has the controller", { skip: noV2 }, (context) => {
  const root = unified();
  if (!read(`${root}/cgroup.controllers`).split(" ").includes("hugetlb")) return context.skip("no hugetlb");
  const { dirs, short } = create(
    {
      hugepageLimits: [{ pageSize: "2MB", limit: 4194304 }],
      unified: { "hugetlb.1GB.max": "0", "cgroup.max.depth": "3" },
    },
    { without: ["1"], cgroupsPath: `/vz-e2e-${process.pid}-v2/inner` },
  );
  leftovers.push(...dirs.map((one) => one.slice(0, one.lastIndexOf("/"))));
  assert.deepEqual(short, []);
  const [place] = dirs;
  assert.equal(read(`${place}/hugetlb.2MB.max`), "4194304");
  assert.equal(read(`${place}/hugetlb.2MB.rsvd.max`), "4194304");
  assert.equal(read(`${place}/hugetlb.1GB.max`), "0");
  assert.equal(read(`${place}/cgroup.max.depth`), "3");
  return undefined;
});

/**
 * A directory that looks like a hierarchy of version 2 with all controllers, which this machine may not have: what is written
 * stays in the files to be looked at.
 */
function fakeUnified(files: readonly string[]): { root: string; place: string } {
  const root = mkdtempSync(join(dir, "unified-"));
  const place = `${root}/a/b`;
  mkdirSync(place, { recursive: true });
  for (const one of [root, `${root}/a`]) {
    writeFileSync(`${one}/cgroup.controllers`, "cpuset cpu io memory hugetlb pids misc\n");
    writeFileSync(`${one}/cgroup.subtree_control`, one === root ? "memory" : "");
  }
  for (const file of files) writeFileSync(`${place}/${file}`, "");
  return { root, place };
}

test("version 2: controllers are handed down step by step, and each limit is in its file", () => {
  const files =
    "memory.max memory.swap.max memory.low cpu.weight cpu.max cpuset.cpus pids.max io.max io.weight hugetlb.2MB.max memory.high";
  const { root, place } = fakeUnified(files.split(" "));
  const controllers = read(`${root}/cgroup.controllers`).split(" ");
  const { short } = ask<Created>("create", {
    cgroupsPath: "/a/b",
    instead: [{ version: 2, mountPoint: root, controllers, own: "" }],
    resources: {
      memory: { limit: 1000, swap: 1500, reservation: 500 },
      cpu: { shares: 1024, quota: 5000, period: 10000, cpus: "0-1", burst: 5 },
      pids: { limit: 9 },
      blockIO: { weight: 500, throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 600 }] },
      hugepageLimits: [{ pageSize: "2MB", limit: 7 }],
      unified: { "memory.high": "900" },
    },
  });
  assert.deepEqual(short, ["linux.resources.cpu.burst (this kernel has no cpu.max.burst)"]);
  // a directory keeps what was last written over what was there
  assert.equal(read(`${root}/cgroup.subtree_control`), "+cpuset +cpu +io +hugetlb +pids");
  assert.equal(read(`${root}/a/cgroup.subtree_control`), "+cpuset +cpu +io +memory +hugetlb +pids");
  const values = files.split(" ").map((file) => `${file}=${read(`${place}/${file}`)}`);
  assert.deepEqual(values, [
    "memory.max=1000",
    "memory.swap.max=500",
    "memory.low=500",
    "cpu.weight=39",
    // "5000 10000" and then "5000": the kernel keeps the period then
    "cpu.max=5000 10000",
    "cpuset.cpus=0-1",
    "pids.max=9",
    "io.max=8:0 rbps=600",
    "io.weight=4950",
    "hugetlb.2MB.max=7",
    "memory.high=900",
  ]);
});

test("a cgroup of version 2 is given to another user, with the files that the kernel names", {
  skip: noV2,
}, () => {
  const { dirs } = create({}, { without: ["1"] });
  assert.deepEqual(ask("delegate", dirs, 12345), []);
  const owner = (file: string) => statSync(`${dirs[0]}/${file}`).uid;
  assert.deepEqual(
    ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.max.depth"].map(owner),
    [12345, 12345, 12345, 0],
  );
});

test("a process joins beside another where version 2 takes none any more", { skip: noV2 }, (context) => {
  if (!read(`${unified()}/cgroup.controllers`).split(" ").includes("hugetlb"))
    return context.skip("no hugetlb");
  const { dirs } = create({ hugepageLimits: [{ pageSize: "2MB", limit: 4194304 }] }, { without: ["1"] });
  const [place = ""] = dirs;
  mkdirSync(`${place}/inner`);
  const first = sleeperIn([`${place}/inner`]);
  writeFileSync(`${place}/cgroup.subtree_control`, "+hugetlb");
  const second = waiting("sleep 60");
  assert.match(play("join", dirs, second.pid).error ?? "", /^joining cgroup .*busy/);
  assert.match(
    ask<string[]>("joinTold", dirs, second.pid)[0] ?? "",
    /^cgroup .* \(resource busy or locked\)$/,
  );
  ask("join", dirs, second.pid, { beside: first.pid });
  assert.equal(read(`${place}/inner/cgroup.procs`), [first.pid, second.pid].sort((a, b) => a - b).join("\n"));
  return undefined;
});

interface Stats {
  cpu: { usage: Record<string, unknown> };
  memory: { usage: Record<string, number> };
  pids: Record<string, number>;
}

/** Names of all keys of a JSON object, with those above them. */
function keys(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, one]) => [`${path}${key}`, ...keys(one, `${path}${key}.`)]);
}

test("figures have the names and the values that runc prints", { skip: noV1 }, async (context) => {
  const bundle = join(dir, "bundle");
  const id = `vz-e2e-${process.pid}-runc`;
  mkdirSync(join(bundle, "rootfs/bin"), { recursive: true });
  const busybox = spawnSync("sh", ["-c", `cp "$(command -v busybox)" ${bundle}/rootfs/bin/sleep`]);
  if (busybox.status !== 0 || spawnSync("runc", ["--version"]).status !== 0)
    return context.skip("no runc or busybox");
  spawnSync("runc", ["spec"], { cwd: bundle });
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
  Object.assign(config.process, { terminal: false, args: ["/bin/sleep", "60"] });
  Object.assign(config.linux, { cgroupsPath: `/${id}`, namespaces: [{ type: "mount" }, { type: "pid" }] });
  Object.assign(config, { hostname: undefined });
  Object.assign(config.linux.resources, {
    memory: { limit: 50000000 },
    pids: { limit: 9 },
    cpu: { cpus: "0-1" },
  });
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  const started = spawnSync("runc", ["run", "-d", id], {
    cwd: bundle,
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    assert.equal(started.status, 0);
    // threads of runc's that were there before the program still count for a moment
    const settled = () =>
      read(
        `${at(
          machine.map(({ mountPoint }) => mountPoint),
          "pids",
        )}/${id}/pids.current`,
      ) === "1";
    for (let tries = 0; tries < 400 && !settled(); tries++) await new Promise((done) => setTimeout(done, 5));
    const theirs = JSON.parse(String(spawnSync("runc", ["events", "--stats", id]).stdout)).data;
    const dirs = machine.map(({ mountPoint }) => `${mountPoint}/${id}`);
    const ours = ask<Stats>("stats", dirs, []);
    // figures that are zero are left out by runc
    const names = new Set(keys(ours));
    const missing = keys(theirs).filter((key) => !names.has(key));
    // runc has them on every machine; without their controllers they say nothing
    const empty = ["hugetlb", "intel_rdt", "network_interfaces"];
    assert.deepEqual(
      missing.filter((key) => !empty.includes(key)),
      [],
    );
    assert.equal(ours.memory.usage["limit"], theirs.memory.usage.limit);
    assert.deepEqual(ours.pids, { current: 1, limit: 9 });
    assert.ok(Math.abs(Number(ours.cpu.usage["total"]) - theirs.cpu.usage.total) < 1e8);
  } finally {
    spawnSync("runc", ["delete", "-f", id]);
  }
  return undefined;
});

test("without a cgroup the figures are those of the processes", async () => {
  const child = spawn("sh", ["-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo; exec sleep 60"]);
  children.push(child);
  await once(child.stdout, "data");
  const { cpu, memory, pids } = ask<Stats>("stats", [], [child.pid, 999999999]);
  assert.ok(Number(cpu.usage["total"]) >= 10_000_000);
  assert.ok((memory.usage["usage"] ?? 0) > 100_000);
  assert.deepEqual(pids, { current: 1 });
});

test("the mounts of a container are its own directories, or new mounts in a cgroup namespace", {
  skip: noV1,
}, () => {
  const { dirs } = create({});
  const steps = ask<{ kind: string; to: string; from?: string }[]>("mounts", dirs, "cgroup", false);
  assert.equal(steps[0]?.kind, "tmpfs");
  assert.deepEqual(
    steps.flatMap(({ from }) => (from === undefined ? [] : [from])),
    dirs.filter((one) => !one.startsWith(unified() ?? "none")),
  );
});
