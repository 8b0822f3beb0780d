/**
 * Several writers after one id at once: of many creates one has to win, of many starts one, and a delete must not fail because
 * another one is faster.
 *
 *     node scripts/torture/contest.mjs [--count 100] [--writers 4]
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
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

const NAME = "torture/contest";
const options = readOptions(NAME, { count: 100, writers: 4 });
needRoot(NAME);
const work = makeWork("contest");
const MOUNTS = [{ destination: "/proc", type: "proc", source: "proc" }];
const bundleOf = (name, namespaces) =>
  makeBundle(work, name, {
    process: { args: ["sleep", "1000"] },
    mounts: MOUNTS,
    linux: { namespaces: namespaces.map((type) => ({ type })) },
  });
const bundles = [bundleOf("contained", ["pid", "mount"]), bundleOf("bare", [])];

const faults = [];
let commands = 0;

/** The same command from all writers at once. @returns {Promise<(number | string)[]>} their statuses, sorted */
async function all(words) {
  commands += options.writers;
  const line = [work.runch, "--root", work.state, ...words];
  const results = await Promise.all(
    Array.from({ length: options.writers }, async (_, i) => {
      // not all in one instant: the first may be at any step when the next comes
      await sleep(Math.random() * 6 * i);
      return run(line, { leaves: words[0] === "create" || words[0] === "run" });
    }),
  );
  return results.map(({ status }) => status);
}

function expectOne(id, what, statuses) {
  const won = statuses.filter((status) => status === 0).length;
  const lost = statuses.filter((status) => status === 1 || status === 125).length;
  if (won !== 1 || won + lost !== statuses.length)
    faults.push(`${id}: ${what}: statuses ${statuses.join(" ")}`);
}

function expectAll(id, what, statuses) {
  if (statuses.some((status) => status !== 0)) faults.push(`${id}: ${what}: statuses ${statuses.join(" ")}`);
}

async function expectNothing(id, bundle) {
  const left = await untilNothing(
    () => [
      ...processesOf([work.runch, work.busybox], [join(bundle, "rootfs")]).map(
        ({ pid, exe }) => `process ${pid} (${exe})`,
      ),
      ...mountsBelow(work.dir).map((path) => `mount ${path}`),
      ...namesIn(work.state).map((name) => `state ${name}`),
    ],
    2000,
  );
  if (left.length > 0) faults.push(`${id}: left ${left.join(", ")}`);
  sweep(work, [join(bundle, "rootfs")]);
}

const begin = Date.now();
for (let i = 0; i < options.count && faults.length < 20; i++) {
  const bundle = bundles[i % bundles.length];
  const id = `c${i}`;
  if (i % 4 < 2) {
    expectOne(id, "create", await all(["create", "-b", bundle, id]));
    expectOne(id, "start", await all(["start", id]));
  } else {
    expectOne(id, "run -d", await all(["run", "-d", "-b", bundle, id]));
  }
  expectAll(id, "state", await all(["state", id]));
  expectAll(id, "delete --force", await all(["delete", "--force", id]));
  await expectNothing(id, bundle);
}
process.stdout.write(
  `contest: ${options.count} ids, ${options.writers} writers after each, ${commands} commands, ` +
    `${((Date.now() - begin) / 1000).toFixed(1)} s; ${faults.length} faults\n`,
);
for (const one of faults) process.stdout.write(`  ${one}\n`);
process.exit(faults.length > 0 ? 1 : 0);
