/** What test/e2e/cgroup.test.ts lets the base do: `PLAY JSON-ARGUMENTS`, and the answer as JSON. */
import * as sys from "vz:sys";
import { isVzError } from "../../src/common/errors.ts";
import { createCgroup } from "../../src/slave/runch/cgroup/create.ts";
import { delegateCgroup } from "../../src/slave/runch/cgroup/delegate.ts";
import { freeze, isFrozen, thawProcess } from "../../src/slave/runch/cgroup/freezer.ts";
import { findHierarchies, type Hierarchies } from "../../src/slave/runch/cgroup/hierarchies.ts";
import { planCgroupMount } from "../../src/slave/runch/cgroup/mount.ts";
import { oomCount } from "../../src/slave/runch/cgroup/oom-count.ts";
import { cgroupDirectories, planCgroup } from "../../src/slave/runch/cgroup/plan.ts";
import { killCgroup, removeCgroup } from "../../src/slave/runch/cgroup/remove.ts";
import { readResources } from "../../src/slave/runch/cgroup/resources.ts";
import { statsJson, statsOf } from "../../src/slave/runch/cgroup/stats.ts";
import { joinCgroup, processesInCgroup } from "../../src/slave/runch/cgroup/tree.ts";
import { updateCgroup } from "../../src/slave/runch/cgroup/update.ts";
import { resourcesFromUpdate } from "../../src/slave/runch/cgroup/update-options.ts";
import { type Isolation, Shortfalls } from "../../src/slave/runch/shortfalls.ts";

interface Request {
  readonly isolation: Isolation;
  readonly cgroupsPath: string;
  readonly resources: unknown;
  /** Hierarchies to take away from runch: "1", "2", or a controller. */
  readonly without: readonly string[];
  /** Instead of this machine's. */
  readonly instead?: Hierarchies;
}

function hierarchies(without: readonly string[] = []): Hierarchies {
  return findHierarchies().filter(
    ({ version, controllers }) => ![String(version), ...controllers].some((one) => without.includes(one)),
  );
}

const PLAYS: Record<string, (...args: never[]) => unknown> = {
  hierarchies: () => hierarchies(),
  create({ isolation, cgroupsPath, resources, without, instead }: Request) {
    const short = new Shortfalls(isolation ?? "auto");
    const unknown: string[] = [];
    const plan = planCgroup(
      {
        cgroupsPath,
        id: "vz-e2e",
        resources: readResources(resources ?? {}, "linux.resources", unknown),
        hierarchies: instead ?? hierarchies(without),
      },
      short,
    );
    const planned = cgroupDirectories(plan);
    const start = sys.now();
    const dirs = createCgroup(plan, short);
    return { planned, dirs, short: short.list, unknown, ms: sys.now() - start };
  },
  join: (dirs: string[], pid: number, options?: { beside: number }) => joinCgroup(dirs, pid, options),
  joinTold(dirs: string[], pid: number) {
    const tell = new Shortfalls("auto");
    joinCgroup(dirs, pid, { tell });
    return tell.list;
  },
  delegate(dirs: string[], uid: number) {
    const tell = new Shortfalls("auto");
    delegateCgroup(dirs, uid, tell);
    return tell.list;
  },
  processes: (dirs: string[]) => processesInCgroup(dirs),
  kill: (dirs: string[], signal?: number) => killCgroup(dirs, signal),
  remove: (dirs: string[]) => removeCgroup(dirs),
  freeze: (dirs: string[], on: boolean) => freeze(dirs, on),
  thaw: (pid: number, pids: number[]) => thawProcess(pid, pids),
  isFrozen: (dirs: string[]) => isFrozen(dirs),
  stats: (dirs: string[], pids: number[]) => statsOf(dirs, pids),
  oom: (dirs: string[]) => oomCount(dirs),
  update: (dirs: string[], values: Record<string, string>, without?: string[]) =>
    updateCgroup(dirs, hierarchies(without), resourcesFromUpdate(values)),
  mounts: (dirs: string[], type: "cgroup" | "cgroup2", ownCgroupNamespace: boolean) =>
    planCgroupMount(findHierarchies(), dirs, { type, ownCgroupNamespace }),
};

const [, , name = "", words = "[]"] = process.argv;
const play = PLAYS[name];
if (play === undefined) throw new Error(`no play ${name}`);
try {
  const value = play(...(JSON.parse(words) as never[]));
  process.stdout.write(`${statsJson({ value })}\n`);
} catch (error) {
  if (!isVzError(error)) throw error;
  process.stdout.write(`${JSON.stringify({ error: error.message, status: error.status })}\n`);
}
