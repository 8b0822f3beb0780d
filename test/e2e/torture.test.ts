/**
 * Short runs of what `npm run torture` does at length: what they promise of `runch` and of images is kept with every change. Each script
 * fails by itself on a fault and says which; see the head of its file. Needs root.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../support/lab.ts";

async function passes(file: string, args: readonly string[], summary: RegExp): Promise<void> {
  const { status, stdout, stderr } = await run(file, args, { timeout: 600_000 });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, summary);
}

test("parallel writers on one root lose no state and leave nothing", () =>
  passes(
    process.execPath,
    ["scripts/torture/parallel.mjs", "--count", "64"],
    /^runch: 64 containers by 8 writers .* 0 faults$/m,
  ));

test("of writers that want the same id at once one wins, and none fails for the speed of another", () =>
  passes(
    process.execPath,
    ["scripts/torture/contest.mjs", "--count", "24"],
    /^contest: 24 ids, .* 0 faults$/m,
  ));

test("after a kill at any of runch's system calls, delete --force leaves nothing", () =>
  passes(
    process.execPath,
    ["scripts/torture/kill-at.mjs", "--every", "31"],
    /^kill-at: [1-9]\d{2,} kills, 0 failures/m,
  ));

test("no mutation of config.json ends in a crash or in a container without one of its fields", () =>
  passes(
    process.execPath,
    ["scripts/torture/mutate.mjs", "--count", "5000", "--real", "150"],
    /^mutate: 0 faults$/m,
  ));

test("runch works without newer system calls, without CAP_SYS_ADMIN, and in 32 MB", () =>
  passes("bash", ["scripts/torture/small.sh", "--short"], /^small: 0 faults$/m));

test("hostile and damaged images, archives and specs each end in one clear line, and reach nothing", () =>
  passes(process.execPath, ["scripts/torture/images.mjs", "--count", "1500"], /^images: 0 faults$/m));
