/**
 * Many containers created, started, signalled and deleted by several writers at once on one --root, while one more keeps
 * listing them. Fails when a command answers what it must not, a state is lost, or anything is left at the end.
 *
 *     node scripts/torture/parallel.mjs [--count 1000] [--writers 8] [--crun]
 *
 * --crun: crun does the same afterwards, for comparison of the time alone; what its lists hold is not looked at.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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

const NAME = "torture/parallel";
const options = readOptions(NAME, { count: 1000, writers: 8, crun: false, as: "runch" });
needRoot(NAME);
const work = makeWork("parallel");
const runtime = {
  runch: [work.runch, "--root", work.state],
  crun: ["crun", "--cgroup-manager=disabled", "--root", work.state],
}[options.as];

/** Ends at TERM also as the first process of a pid namespace, which has to ask for the signal. */
const WAITING = ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"];
const MOUNTS = [
  { destination: "/proc", type: "proc", source: "proc" },
  { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
];
const NAMESPACES = [{ type: "pid" }, { type: "mount" }];

/** All writers start containers of this one at once: what is done to one must not reach another. */
const shared = makeBundle(work, "shared", {
  process: { args: WAITING },
  mounts: MOUNTS,
  linux: { namespaces: NAMESPACES },
});

function ownBundles(writer) {
  const cgroup = `vz-torture-${process.pid}-${writer}`;
  return {
    cgroup,
    limited: makeBundle(work, `limited-${writer}`, {
      process: { args: WAITING },
      mounts: MOUNTS,
      linux: { namespaces: NAMESPACES, cgroupsPath: `/${cgroup}`, resources: { pids: { limit: 32 } } },
    }),
    // mounts in the machine's own table: each writer needs a root filesystem of its own
    bare: makeBundle(work, `bare-${writer}`, {
      process: { args: ["sleep", "1000"] },
      mounts: options.as === "runch" ? MOUNTS : [],
      linux: { namespaces: [] },
    }),
  };
}

/** More of them say nothing new. */
const MOST_FAULTS = 50;
const faults = [];
function fault(id, what, result) {
  const detail = result === undefined ? "" : `: status ${result.status} ${result.stderr}${result.stdout}`;
  faults.push(`${id}: ${what}${detail.trimEnd()}`);
}

/** What is known to be there: by id, its least and its last possible status, and whether it is being deleted. */
const present = new Map();
const commands = { count: 0 };

async function call(args, expected, more = {}) {
  commands.count++;
  const result = await run([...runtime, ...args], more);
  if (!expected.includes(result.status)) fault(args.at(-1), args.join(" "), result);
  return result;
}

async function statusOf(id) {
  const { stdout } = await call(["state", id], [0]);
  try {
    const state = JSON.parse(stdout);
    if (state.id !== id) fault(id, `state tells of ${state.id}`);
    return state.status;
  } catch {
    fault(id, `state is no JSON: ${JSON.stringify(stdout)}`);
    return "";
  }
}

async function expectStatus(id, expected) {
  const status = await statusOf(id);
  if (status !== expected) fault(id, `is ${status}, not ${expected}`);
}

/** TERM until it has ended: the first may come before the program asks for it. */
async function terminate(id) {
  const end = Date.now() + 20_000;
  await call(["kill", id, "TERM"], [0]);
  while ((await statusOf(id)) !== "stopped") {
    if (Date.now() > end) return fault(id, "does not end by TERM");
    await sleep(20);
    await run([...runtime, "kill", id, "TERM"]);
  }
  return undefined;
}

async function live(id, bundle, forced) {
  await call(["create", "--bundle", bundle, id], [0], { leaves: true });
  present.set(id, { status: ["created", "running"] });
  await expectStatus(id, "created");
  await call(["start", id], [0]);
  present.set(id, { status: ["running"] });
  await expectStatus(id, "running");
  if (!forced) {
    present.set(id, { status: ["running", "stopped"] });
    await terminate(id);
    present.set(id, { status: ["stopped"] });
  }
  present.delete(id);
  await call(forced ? ["delete", "--force", id] : ["delete", id], [0]);
  if (existsSync(join(work.state, id))) fault(id, "its state is still there");
}

let next = 0;
async function writer(index) {
  const { limited, bare, cgroup } = ownBundles(index);
  while (next < options.count && faults.length < MOST_FAULTS) {
    const number = next++;
    const bundle = [shared, limited, shared, bare][number % 4];
    const id = `c${number}`;
    await live(id, bundle, number % 7 === 6);
    const left = [...mountsBelow(bundle), ...(bundle === limited ? cgroupsNamed(cgroup) : [])];
    if (left.length > 0) fault(id, `left ${left.join(" ")}`);
  }
}

const lists = { count: 0 };
async function lister(isDone) {
  while (!isDone()) {
    const before = new Map(present);
    const quiet = lists.count++ % 2 === 1;
    const { stdout } = await call(
      quiet ? ["list", "-q", "--format", "json"] : ["list", "--format", "json"],
      [0],
    );
    let rows = [];
    try {
      rows = quiet ? stdout.split("\n").map((id) => ({ id })) : JSON.parse(stdout);
    } catch {
      fault("list", `no JSON: ${JSON.stringify(stdout)}`);
    }
    const found = new Map((rows ?? []).map((row) => [row.id, row]));
    for (const [id, entry] of before) {
      // deleted or changed meanwhile
      if (present.get(id) !== entry) continue;
      const row = found.get(id);
      if (options.as !== "runch") continue;
      if (row === undefined) fault(id, "is not in the list");
      else if (!quiet && !entry.status.includes(row.status))
        fault(id, `is listed as ${row.status}, not ${entry.status.join(" or ")}`);
    }
  }
}

const start = Date.now();
let done = false;
const listing = lister(() => done);
await Promise.all(Array.from({ length: options.writers }, (_, i) => writer(i))).catch((error) =>
  fault("all", error.message),
);
done = true;
await listing;
const seconds = (Date.now() - start) / 1000;

const roots = namesIn(work.dir).map((name) => join(work.dir, name, "rootfs"));
const left = await untilNothing(
  () => [
    ...processesOf([work.runch, work.busybox], roots).map(({ pid, exe }) => `process ${pid} (${exe})`),
    ...mountsBelow(work.dir).map((path) => `mount ${path}`),
    ...namesIn(work.state).map((name) => `state ${name}`),
    ...Array.from({ length: options.writers }, (_, i) =>
      cgroupsNamed(`vz-torture-${process.pid}-${i}`),
    ).flat(),
  ],
  2000,
);
for (const one of left) fault("the end", `left ${one}`);
sweep(work, roots);
process.stdout.write(
  `${options.as}: ${options.count} containers by ${options.writers} writers in ${seconds.toFixed(1)} s, ` +
    `${(options.count / seconds).toFixed(1)} a second; ${commands.count} commands, ${lists.count} of them lists; ` +
    `${faults.length} faults\n`,
);
for (const one of faults) process.stdout.write(`  ${one}\n`);

if (options.crun) {
  // crun refuses a hybrid host, even when it is told to leave cgroups alone
  const hide = 'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec "$@"';
  const again = [process.execPath, process.argv[1], "--as", "crun"];
  const numbers = ["--count", String(options.count), "--writers", String(options.writers)];
  const other = await run(
    ["unshare", "-m", "--propagation", "private", "sh", "-c", hide, "sh", ...again, ...numbers],
    {
      timeout: 600_000,
    },
  );
  process.stdout.write(`${other.stdout.split("\n")[0]}\n`);
  process.stderr.write(other.stderr);
}
process.exit(faults.length > 0 ? 1 : 0);
