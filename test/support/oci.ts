/**
 * The harness of the suite in test/oci, which drives an OCI runtime through its command line:
 *
 *     topic("hostname", () => {
 *       oci("a uts namespace has the hostname", { needs: ["uts"], lacking: { parts: { hostname: "x" } } }, async (t) => {
 *         const { stdout } = await t.run({ args: ["hostname"], hostname: "inner" });
 *         assert.equal(stdout, "inner\n");
 *       });
 *     });
 *
 * A test says what it needs of the kernel. In a profile without it, runch is held to what it documents for that case
 * (`lacking`): in `auto` a line on standard error that names what is missing, in `strict` status 125 and the name. All that
 * a topic made is gone at its end, and the last test of every topic says so.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { NEED_NAMES, type Parts, PROBES } from "./oci-bundle.ts";
import { cgroupsWith, mountsBelow, processesOf } from "./oci-left.ts";
import {
  type Barrier,
  barred,
  granted,
  type Need,
  patience,
  profile,
  type Runtime,
  runtime,
  tools,
} from "./oci-runtimes.ts";
import { OciTest } from "./oci-test.ts";

export { type Mount, namespaces, type Parts } from "./oci-bundle.ts";
export { type Need, profile, runtime, tools } from "./oci-runtimes.ts";
export type { Container, OciTest, Probe } from "./oci-test.ts";

export interface Lacking {
  /** The bundle whose start is to be degraded; the needs' own namespaces when absent. */
  readonly parts?: Parts | ((t: OciTest) => Parts);
  /** What the line must name; the needs' own namespaces when absent. */
  readonly names?: RegExp;
  /** True for what is an error in `auto` as well, such as a bind mount. */
  readonly refused?: boolean;
}

export interface Options {
  readonly needs?: readonly Need[];
  readonly lacking?: Lacking;
  /** Of these runtimes alone, since the command line or the promise is their own. */
  readonly only?: readonly Runtime[];
  /** Not of these runtimes, and why. */
  readonly except?: Partial<Readonly<Record<Runtime, string>>>;
  /** Why this machine cannot try it, or false. */
  readonly skip?: string | false;
  /** What stands in the way of an emulated runtime. */
  readonly barrier?: Barrier | undefined;
  /** In these profiles alone. */
  readonly profiles?: readonly (typeof profile)[];
}

let current: { dir: string; tests: number; roots: string[] } | undefined;

/** A file's tests; they run beside one another. */
export function topic(title: string, body: () => void): void {
  describe(title, { concurrency: 4 }, () => {
    const place = { dir: "", tests: 0, roots: [] as string[] };
    current = place;
    before(() => {
      place.dir = mkdtempSync(join(tmpdir(), "vzoci-"));
      // for the root of user namespaces, who is another user
      chmodSync(place.dir, 0o755);
      mkdirSync(join(place.dir, "shared"));
      copyFileSync("/bin/busybox", join(place.dir, "shared/busybox"));
      for (const name of PROBES) copyFileSync(join(tools, name), join(place.dir, "shared", name));
    });
    body();
    after(async () => {
      const left = await remains(place.dir, place.roots);
      await sweep(left);
      rmSync(place.dir, { recursive: true, force: true });
      assert.deepEqual(left, [], "nothing is left");
    });
  });
}

/** The kernel takes a moment to take a killed process away, and its cgroups. */
async function remains(dir: string, roots: readonly string[]): Promise<string[]> {
  const tag = dir.replace(/^.*\//, "");
  for (let i = 0; ; i++) {
    const left = [...mountsBelow(dir), ...processesOf(dir, roots), ...cgroupsWith(tag)];
    if (left.length === 0 || i === 20) return left;
    await sleep(50);
  }
}

/** Takes away what was left, so that it harms no other test. */
async function sweep(left: readonly string[]): Promise<void> {
  for (const line of left) {
    const [first = "", second = ""] = line.split(" ");
    try {
      if (/^\d+$/.test(first)) process.kill(Number(first), "SIGKILL");
      else if (!first.startsWith("/sys/fs/cgroup/")) spawnSync("umount", ["-l", second]);
    } catch {
      // it ended by itself
    }
  }
  await sleep(left.length === 0 ? 0 : 200);
  for (const path of left.toReversed()) if (path.startsWith("/sys/fs/cgroup/")) spawnSync("rmdir", [path]);
}

export function oci(title: string, options: Options, body: (t: OciTest) => Promise<void>): void {
  const place = current;
  assert.ok(place, "within topic()");
  const number = ++place.tests;
  const missing = (options.needs ?? []).filter((need) => !granted(need));
  const reason = skipReason(options, missing);
  it(title, { timeout: 60_000 * patience, ...(reason === "" ? {} : { skip: reason }) }, async () => {
    const t = new OciTest(place.dir, String(number), place.roots);
    try {
      if (missing.length === 0) await body(t);
      else await degraded(t, missing, options.lacking ?? {});
    } finally {
      await t.clean();
    }
    assert.deepEqual(stateLeft(t.root), [], "no state is left");
  });
}

function stateLeft(root: string): string[] {
  return existsSync(root) ? readdirSync(root).filter((name) => !name.startsWith(".")) : [];
}

function skipReason(options: Options, missing: readonly Need[]): string {
  const { only, except, profiles, lacking, skip } = options;
  if (skip) return skip;
  const inTheWay = barred(options.barrier);
  if (inTheWay !== "") return inTheWay;
  const exception = except?.[runtime];
  if (exception !== undefined) return exception;
  if (only !== undefined && !only.includes(runtime)) return `of ${only.join(" and ")} alone`;
  if (profiles !== undefined && !profiles.includes(profile))
    return `in profile ${profiles.join(" and ")} alone`;
  if (missing.length > 0 && runtime !== "runch") return `needs ${missing.join(", ")}`;
  if (missing.length > 0 && lacking === undefined)
    return `needs ${missing.join(", ")}, whose absence other tests are about`;
  return "";
}

/** Standard error is made of lines that tell what the container runs without, and one of them names this. */
export function assertTold({ id, stderr }: { id: string; stderr: string }, names: RegExp): void {
  const lines = stderr.trimEnd().split("\n");
  for (const line of lines) assert.match(line, new RegExp(`^runch: ${id}: runs without .`), stderr);
  assert.ok(
    lines.some((line) => names.test(line)),
    stderr,
  );
}

/** What docs/runch.md promises under "Isolation" for what the kernel does not grant. */
async function degraded(t: OciTest, missing: readonly Need[], lacking: Lacking): Promise<void> {
  const given = typeof lacking.parts === "function" ? lacking.parts(t) : lacking.parts;
  const types = missing.map((need) => ({ type: need === "mounts" ? "mount" : need }));
  const own = given ?? { linux: { namespaces: types } };
  const parts: Parts = { ...own, args: ["true"] };
  const names = lacking.names ?? new RegExp(NEED_NAMES[missing[0] ?? "mounts"]);
  const auto = await t.run(parts);
  if (lacking.refused) {
    assert.equal(auto.status, 125, `auto: ${auto.stderr}`);
    assert.match(auto.stderr, names);
  } else {
    assert.equal(auto.status, 0, `auto: ${auto.stderr}`);
    assertTold(auto, names);
  }
  const strict = await t.run(parts, { global: ["--isolation=strict"] });
  assert.equal(strict.status, 125, `strict: ${strict.stderr}`);
  assert.match(strict.stderr, names);
}
