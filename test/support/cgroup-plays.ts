/** What test/e2e/cgroup.test.ts lets the base do: `PLAY JSON-ARGUMENTS`, and the answer as JSON. */
import * as sys from "vz:sys";
import { isVzError } from "../../src/common/errors.ts";
import * as control from "../../src/slave/runch/cgroup/control.ts";
import { oomCount, statsJson, statsOf } from "../../src/slave/runch/cgroup/events.ts";
import * as cgroup from "../../src/slave/runch/cgroup/index.ts";
import * as update from "../../src/slave/runch/cgroup/update-line.ts";
import { type Isolation, Shortfalls } from "../../src/slave/runch/shortfalls.ts";

interface Request {
  readonly isolation: Isolation;
  readonly cgroupsPath: string;
  readonly resources: unknown;
  /** Hierarchies to take away from runch: "1", "2", or a controller. */
  readonly without: readonly string[];
  /** Instead of this machine's. */
  readonly instead?: cgroup.Hierarchies;
}

function hierarchies(without: readonly string[] = []): cgroup.Hierarchies {
  return cgroup
    .findHierarchies()
    .filter(
      ({ version, controllers }) => ![String(version), ...controllers].some((one) => without.includes(one)),
    );
}

const PLAYS: Record<string, (...args: never[]) => unknown> = {
  hierarchies: () => hierarchies(),
  create({ isolation, cgroupsPath, resources, without, instead }: Request) {
    const short = new Shortfalls(isolation ?? "auto");
    const unknown: string[] = [];
    const plan = cgroup.planCgroup(
      {
        cgroupsPath,
        id: "vz-e2e",
        resources: cgroup.readResources(resources ?? {}, "linux.resources", unknown),
        hierarchies: instead ?? hierarchies(without),
      },
      short,
    );
    const planned = cgroup.cgroupDirectories(plan);
    const start = sys.now();
    const dirs = cgroup.createCgroup(plan, short);
    return { planned, dirs, short: short.list, unknown, ms: sys.now() - start };
  },
  join: (dirs: string[], pid: number, options?: { beside: number }) => control.joinCgroup(dirs, pid, options),
  joinTold(dirs: string[], pid: number) {
    const tell = new Shortfalls("auto");
    control.joinCgroup(dirs, pid, { tell });
    return tell.list;
  },
  delegate(dirs: string[], uid: number) {
    const tell = new Shortfalls("auto");
    cgroup.delegateCgroup(dirs, uid, tell);
    return tell.list;
  },
  processes: (dirs: string[]) => control.processesInCgroup(dirs),
  kill: (dirs: string[], signal?: number) => control.killCgroup(dirs, signal),
  remove: (dirs: string[]) => control.removeCgroup(dirs),
  freeze: (dirs: string[], on: boolean) => control.freeze(dirs, on),
  thaw: (pid: number, pids: number[]) => control.thawProcess(pid, pids),
  isFrozen: (dirs: string[]) => control.isFrozen(dirs),
  stats: (dirs: string[], pids: number[]) => statsOf(dirs, pids),
  oom: (dirs: string[]) => oomCount(dirs),
  update: (dirs: string[], values: Record<string, string>, without?: string[]) =>
    update.updateCgroup(dirs, hierarchies(without), update.resourcesFromUpdate(values)),
  mounts: (dirs: string[], type: "cgroup" | "cgroup2", ownCgroupNamespace: boolean) =>
    cgroup.planCgroupMount(cgroup.findHierarchies(), dirs, { type, ownCgroupNamespace }),
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
