/**
 * `kill -9` of runch at each of its own system calls, its children's included, in every command that changes something;
 * `delete --force` must then exit 0 and leave nothing: no process, mount, state or cgroup.
 *
 *     node scripts/torture/kill-at.mjs [--all] [--every 1] [--only TEXT] [--workers 2]
 *
 * A call that changes nothing that others can see leaves all as the one before it did, so killing behind it would try the
 * same again: --all does. --every N: each N-th call only. --only: scenarios whose name holds TEXT.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root as project } from "../build/base-target.mjs";
import {
  cgroupsNamed,
  makeBundle,
  makeWork,
  mountsBelow,
  namesIn,
  needRoot,
  processesOf,
  readOptions,
  run,
  sweep,
  untilNothing,
} from "./support.mjs";

const NAME = "torture/kill-at";
const options = readOptions(NAME, { all: false, every: 1, only: "", workers: 2 });
needRoot(NAME);

/** Milliseconds that processes get to end by themselves: a child that reads of its parent's end. */
const GRACE = 2000;
const MOUNTS = [
  { destination: "/proc", type: "proc", source: "proc" },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
];
const KINDS = {
  contained: { namespaces: ["pid", "mount", "uts", "ipc"], hooked: true },
  mapped: { namespaces: ["user", "pid", "mount"], maps: [{ containerID: 0, hostID: 100000, size: 65536 }] },
  bare: { namespaces: [], hooked: true },
};

/** Hooks that do nothing: the last but two are executed inside of the container. */
function hooks(work) {
  const outside = [{ path: work.busybox, args: ["busybox", "true"] }];
  const inside = [{ path: "/bin/true" }];
  return {
    ...{ prestart: outside, createRuntime: outside, createContainer: outside },
    ...{ startContainer: inside, poststart: outside, poststop: outside },
  };
}

function makeWorker(number) {
  const work = makeWork(`kill-${number}`);
  const cgroup = `vz-kill-${process.pid}-${number}`;
  const bundles = {};
  for (const [kind, { namespaces, maps, hooked = false }] of Object.entries(KINDS)) {
    for (const [program, args] of Object.entries({ brief: ["/bin/true"], long: ["/bin/sleep", "1000"] })) {
      const id = `${kind}-${program}`;
      const config = (extra) => ({
        process: { args },
        mounts: MOUNTS,
        linux: {
          namespaces: namespaces.map((type) => ({ type })),
          uidMappings: maps,
          gidMappings: maps,
          cgroupsPath: `/${cgroup}`,
          resources: { pids: { limit: 32 } },
        },
        ...extra,
      });
      bundles[id] = { id, config, path: makeBundle(work, id, config(hooked ? { hooks: hooks(work) } : {})) };
    }
  }
  const base = [work.runch, "--root", work.state];
  return { work, cgroup, bundles, base };
}

/** As `run`, and the command's errors end the script: it only prepares. */
async function prepare(worker, ...words) {
  const log = join(worker.work.dir, "prepare");
  const line = ["sh", "-c", 'exec "$@" >"$0" 2>&1', log, ...worker.base, ...words];
  const { status } = await run(line, { leaves: true });
  if (status !== 0)
    throw new Error(`runch ${words.join(" ")}: status ${status}: ${readFileSync(log, "utf8")}`);
}

async function stopped(worker, id) {
  for (;;) {
    const { stdout } = await run([...worker.base, "state", id]);
    if (stdout.includes('"stopped"')) return;
    await sleep(5);
  }
}

/**
 * What is killed: `before` prepares, `words` is the command, `pids` gives runch's processes that stand beside it, `after` is a
 * command that has to succeed behind the kill.
 */
const SCENARIOS = {
  create: { program: "long", words: ({ id, path }) => ["create", "-b", path, id] },
  "start ID": {
    program: "long",
    before: (worker, { id, path }) => prepare(worker, "create", "-b", path, id),
    pids: (worker) => processesOf([worker.work.runch]).map(({ pid }) => pid),
    words: ({ id }) => ["start", id],
  },
  "start BUNDLE-DIR": { program: "long", words: ({ path }) => ["start", path] },
  // init's next try, which has to undo what the last one left
  "start BUNDLE-DIR again": {
    program: "brief",
    words: ({ path }) => ["start", path],
    after: ({ path }) => ["start", path],
  },
  "run -d": { program: "long", words: ({ id, path }) => ["run", "-d", "-b", path, id] },
  run: { program: "brief", words: ({ id, path }) => ["run", "-b", path, id] },
  exec: {
    program: "long",
    before: (worker, { id, path }) => prepare(worker, "run", "-d", "-b", path, id),
    words: ({ id }) => ["exec", id, "/bin/true"],
  },
  "exec -d": {
    program: "long",
    before: (worker, { id, path }) => prepare(worker, "run", "-d", "-b", path, id),
    words: ({ id }) => ["exec", "-d", id, "/bin/sleep", "1000"],
  },
  delete: {
    program: "brief",
    async before(worker, { id, path }) {
      await prepare(worker, "run", "-d", "-b", path, id);
      await stopped(worker, id);
    },
    words: ({ id }) => ["delete", id],
  },
  "delete --force": {
    program: "long",
    before: (worker, { id, path }) => prepare(worker, "run", "-d", "-b", path, id),
    words: ({ id }) => ["delete", "--force", id],
  },
};

/** Names of i386's system calls by number, from the kernel's header. */
function callNames() {
  const header = ["/usr/include/x86_64-linux-gnu", "/usr/include/i386-linux-gnu", "/usr/include"]
    .map((directory) => join(directory, "asm/unistd_32.h"))
    .find(existsSync);
  const text = header === undefined ? "" : readFileSync(header, "utf8");
  return new Map(
    [...text.matchAll(/^#define __NR_(\w+)\s+(\d+)$/gm)].map((match) => [Number(match[2]), match[1]]),
  );
}

/** Calls that change nothing outside of the process, whatever their arguments. */
const SILENT = new Set(
  (
    "rt_sigaction rt_sigprocmask mmap2 munmap mprotect madvise brk set_thread_area set_tid_address getpid gettid getppid " +
    "getuid32 geteuid32 getgid32 getegid32 stat64 lstat64 fstat64 statx fstatat64 _llseek readlink access getcwd uname " +
    "clock_gettime clock_gettime64 gettimeofday time getrandom getdents64 fcntl64 umask prlimit64 ugetrlimit statfs64 poll"
  ).split(" "),
);

const names = callNames();
const workers = Array.from({ length: options.workers }, (_, i) => makeWorker(i));
const killer = join(workers[0].work.dir, "kill-at");
execFileSync("gcc", ["-O2", "-o", killer, join(project, "scripts/torture/kill-at.c")]);

function remains(worker, bundle) {
  const { work, cgroup } = worker;
  const roots = [join(bundle.path, "rootfs")];
  return [
    ...processesOf([work.runch, work.busybox], roots).map(({ pid, exe }) => `process ${pid} (${exe})`),
    ...mountsBelow(work.dir).map((path) => `mount ${path.slice(work.dir.length)}`),
    ...namesIn(work.state).map((name) => `state ${name} (${namesIn(join(work.state, name)).join(" ")})`),
    ...cgroupsNamed(cgroup).map((path) => `cgroup ${path}`),
  ];
}

/** Undoes what delete left, so that the next try starts from nothing. */
async function clear(worker, bundle) {
  const { work, cgroup } = worker;
  sweep(work, [join(bundle.path, "rootfs")]);
  await untilNothing(() => processesOf([work.runch, work.busybox]), GRACE);
  for (const path of mountsBelow(work.dir).reverse()) execFileSync("umount", ["-l", path]);
  rmSync(work.state, { recursive: true, force: true });
  for (const path of cgroupsNamed(cgroup)) rmdirSync(path);
}

/** One run of a scenario under kill-at. @returns {Promise<string[]>} its lines */
async function strike(worker, scenario, bundle, where) {
  await scenario.before?.(worker, bundle);
  const pids = (scenario.pids?.(worker) ?? []).flatMap((pid) => ["-p", String(pid)]);
  const log = join(worker.work.dir, "strike");
  const line = [killer, ...where, ...pids, ...worker.base, ...scenario.words(bundle)];
  // its output in a file: the container's processes keep what they get
  const { status } = await run(["sh", "-c", 'exec "$@" >"$0" 2>/dev/null', log, ...line], { leaves: true });
  if (status !== 0) throw new Error(`${line.join(" ")}: status ${status}`);
  return readFileSync(log, "utf8").trimEnd().split("\n");
}

/** @returns {Promise<string[]>} what is wrong with what goes on behind a kill */
async function aftermath(worker, scenario, bundle) {
  const wrong = [];
  const list = await run([...worker.base, "list", "--format", "json"]);
  if (list.status !== 0) wrong.push(`list: status ${list.status} ${list.stderr.trimEnd()}`);
  else if (!/^(null|\[.*\])\n$/.test(list.stdout)) wrong.push(`list: ${JSON.stringify(list.stdout)}`);
  if (scenario.after !== undefined) {
    const words = scenario.after(bundle);
    const end = Date.now() + GRACE;
    for (;;) {
      const { status, stderr } = await run([...worker.base, ...words]);
      if (status === 0) break;
      // where it was a hook that was killed before it began, the first one goes on, and holds its lock to its very end
      if (Date.now() < end && /is starting it|runs already/.test(stderr)) continue;
      wrong.push(`${words[0]}: status ${status} ${stderr.trimEnd()}`);
      break;
    }
  }
  return wrong;
}

/** @returns {Promise<string[]>} what is wrong after delete --force */
async function deletion(worker, bundle) {
  const { status, stderr } = await run([...worker.base, "delete", "--force", bundle.id], { timeout: 20_000 });
  const wrong = status === 0 ? [] : [`delete --force: status ${status} ${stderr.trimEnd()}`];
  const left = await untilNothing(() => remains(worker, bundle), GRACE);
  if (wrong.length + left.length > 0) await clear(worker, bundle);
  return [...wrong, ...left];
}

async function torture(name, scenario, kind) {
  const begin = Date.now();
  const bundleOf = (worker) => worker.bundles[`${kind}-${scenario.program}`];
  const counted = await strike(workers[0], scenario, bundleOf(workers[0]), ["count"]);
  const faults = (await deletion(workers[0], bundleOf(workers[0]))).map((what) => `without a kill: ${what}`);
  const points = counted
    .filter((line) => /^[\d ]+$/.test(line))
    .map((line) => line.split(" ").map((number) => names.get(Number(number)) ?? number))
    .flatMap((calls, ordinal) =>
      calls
        .map((_, i) => [ordinal, i + 1])
        .filter(([, call]) => options.all || call === 1 || !SILENT.has(calls[call - 2])),
    )
    .filter((_, i) => i % options.every === 0);
  let next = 0;
  let missed = 0;
  const work = async (worker) => {
    while (next < points.length) {
      const [ordinal, call] = points[next++];
      const lines = await strike(worker, scenario, bundleOf(worker), [String(ordinal), String(call)]);
      const killed = lines.map((line) => /^killed \d+ (\d+)$/.exec(line)).find((match) => match !== null);
      if (killed === undefined) missed++;
      // now at once, now when the others have gone on
      if (call % 2 === 0) await sleep(20);
      const bundle = bundleOf(worker);
      const wrong = [...(await aftermath(worker, scenario, bundle)), ...(await deletion(worker, bundle))];
      const what = killed === undefined ? "not reached" : (names.get(Number(killed[1])) ?? killed[1]);
      if (wrong.length > 0) faults.push(`process ${ordinal}, call ${call} (${what}): ${wrong.join("; ")}`);
    }
  };
  await Promise.all(workers.map(work));
  const seconds = ((Date.now() - begin) / 1000).toFixed(1);
  process.stdout.write(
    `${`${name}, ${kind}`.padEnd(28)} ${String(points.length).padStart(5)} kills (${missed} not reached), ` +
      `${faults.length} failures, ${seconds} s\n`,
  );
  for (const fault of faults) process.stdout.write(`  ${fault}\n`);
  return { points: points.length - missed, faults: faults.length };
}

/** Bundles without what this runch does not have yet, and the scenarios that are left. */
async function supported() {
  const [first] = workers;
  const { path, id } = first.bundles["bare-brief"];
  const { stderr } = await run([...first.base, "run", "-b", path, id]);
  await run([...first.base, "delete", "--force", id]);
  if (/hooks\.\w+: /.test(stderr)) {
    process.stdout.write(`without hooks: ${stderr.split("\n")[0]}\n`);
    for (const worker of workers)
      for (const bundle of Object.values(worker.bundles))
        makeBundle(worker.work, bundle.id, bundle.config({}));
  }
  const { status } = await run([...first.base, "exec", "--help"]);
  if (status !== 0) process.stdout.write("without exec: this runch has none\n");
  return Object.entries(SCENARIOS).filter(([name]) => status === 0 || !name.startsWith("exec"));
}

const begin = Date.now();
const total = { points: 0, faults: 0 };
try {
  for (const [name, scenario] of await supported()) {
    for (const kind of Object.keys(KINDS)) {
      if (!`${name}, ${kind}`.includes(options.only)) continue;
      const { points, faults } = await torture(name, scenario, kind);
      total.points += points;
      total.faults += faults;
    }
  }
} finally {
  for (const worker of workers)
    for (const bundle of Object.values(worker.bundles)) await clear(worker, bundle);
}
process.stdout.write(
  `kill-at: ${total.points} kills, ${total.faults} failures, ${((Date.now() - begin) / 1000).toFixed(0)} s\n`,
);
process.exit(total.faults > 0 ? 1 : 0);
