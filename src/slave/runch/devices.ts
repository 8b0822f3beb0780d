/** Device nodes of a container: made in its root filesystem, or bound from the machine's own where mknod is refused. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../common/errors.ts";
import { failed, failure } from "./failure.ts";
import { looker } from "./files.ts";
import { MS, S_IFDIR, S_IFIFO, S_IFMT } from "./linux.ts";
import { bind, makeParents } from "./mounts.ts";
import type { Plan } from "./plan.ts";
import type { DeviceStep } from "./plan-devices.ts";
import { resolveInRoot } from "./rootfs-path.ts";
import type { Shortfalls } from "./shortfalls.ts";

const { O_WRONLY = 0, O_CREAT = 0, O_EXCL = 0 } = sys.constants;

/** Linux's dev_t: 12 + 20 bits, with the high parts above (makedev(3)). */
export function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 2 ** 8 + (minor >>> 8) * 2 ** 20 + (major >>> 12) * 2 ** 44;
}

/** A directory inside the root filesystem, seen from outside; made if missing. */
function directoryOf(rootfs: string, path: string): string {
  const directory = resolveInRoot(looker, rootfs, path);
  if (directory.kind === "missing") {
    makeParents(directory);
    sys.mkdir(directory.path, 0o755);
  }
  return directory.path;
}

/** What stands at `place`; null for nothing. */
function whatIs(place: string): sys.Stat | null {
  try {
    return sys.lstat(place);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

function makeNode(step: DeviceStep, place: string): void {
  const found = whatIs(place);
  if (found !== null) {
    const same = ((found.mode ^ step.mode) & S_IFMT) === 0;
    const isFifo = (step.mode & S_IFMT) === S_IFIFO;
    if (same && (isFifo || found.rdev === deviceNumber(step.major, step.minor))) return;
    if ((found.mode & S_IFMT) === S_IFDIR) throw failure(`${step.path}: is a directory`);
    sys.unlink(place);
  }
  try {
    sys.mknod(place, step.mode, step.major, step.minor);
    if (step.uid !== 0 || step.gid !== 0) sys.lchown(place, step.uid, step.gid);
  } catch (error) {
    if (!hasCode(error, "EPERM")) throw error;
    sys.close(sys.open(place, O_WRONLY | O_CREAT | O_EXCL, 0o666));
    try {
      bind(step.path, place, MS.BIND);
    } catch {
      // a plain file would swallow what is written to it, and be one more thing to clean up
      sys.unlink(place);
      throw error;
    }
  }
}

const LINKS: readonly (readonly [name: string, target: string])[] = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
];

/** "Dev symbolic links" of the runtime specification (runtime-linux), where nothing of the name is there. */
function makeLinks(plan: Plan, dev: string): void {
  const pts = plan.mounts.some(({ type }) => type === "devpts");
  for (const [name, target] of pts ? [...LINKS, ["ptmx", "pts/ptmx"] as const] : LINKS) {
    if (looker.kind(`${dev}/${name}`) === "missing") sys.symlink(target, `${dev}/${name}`);
  }
}

/** Makes the nodes of `plan.devices` and the links in /dev. A usual one that cannot be had is a shortfall. */
export function makeDevices(plan: Plan, short: Shortfalls): void {
  const lacking: string[] = [];
  const directories = new Map<string, string>();
  const directory = (path: string) => {
    const known = directories.get(path) ?? directoryOf(plan.rootfs, path);
    directories.set(path, known);
    return known;
  };
  let why = "";
  for (const step of plan.devices) {
    const slash = step.path.lastIndexOf("/");
    try {
      // the last name is not followed: a link there is replaced
      makeNode(step, directory(step.path.slice(0, slash)) + step.path.slice(slash));
    } catch (error) {
      why = reason(error);
      if (!step.usual) throw failed(`device ${step.path}`, error);
      lacking.push(step.path);
    }
  }
  if (lacking.length > 0) {
    short.add(lacking.join(" and "), why);
    return;
  }
  try {
    makeLinks(plan, directory("/dev"));
  } catch (error) {
    short.add("links in /dev", reason(error));
  }
}
