/**
 * Which cgroup hierarchies this machine has, and where our own process stands in each (cgroups(7)): several of version 1, each
 * with some controllers, and one of version 2 beside them or alone.
 */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { readTextIfAny } from "../../system/files.ts";

export interface Hierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** "memory"; of version 1 also "name=systemd"; of version 2 those that its mount point can hand down. */
  readonly controllers: readonly string[];
  /** Our own cgroup below the mount point: "" for the mount point itself, "/a/b"; null where it cannot be seen from there. */
  readonly own: string | null;
}

export type Hierarchies = readonly Hierarchy[];

export interface MachineFiles {
  /** "major:minor" of the filesystem that is seen at `path`; null for none. */
  device(path: string): string | null;
  /** The text of a file; null where there is none. */
  read(path: string): string | null;
}

interface Membership {
  /** Empty for version 2. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** Lines "7:cpu,cpuacct:/a/b", and "0::/a/b" for version 2. */
function parseMemberships(text: string): Membership[] {
  return text
    .split("\n")
    .map((line) => /^\d+:([^:]*):(\/.*)$/s.exec(line))
    .filter((match) => match !== null)
    .map(([, names = "", path = "/"]) => ({ controllers: names === "" ? [] : names.split(","), path }));
}

function decodeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** `path` as seen in a mount that shows the cgroup `root`; null where it is not below. */
function below(root: string, path: string): string | null {
  if (root === "/") return path === "/" ? "" : path;
  if (path === root) return "";
  return path.startsWith(`${root}/`) ? path.slice(root.length) : null;
}

/**
 * @param mountinfo text of /proc/self/mountinfo
 * @param cgroup text of /proc/PID/cgroup
 * @returns each hierarchy once: at a mount that no other covers, and that shows the process's own cgroup if one does
 */
export function parseHierarchies(mountinfo: string, cgroup: string, files: MachineFiles): Hierarchies {
  const memberships = parseMemberships(cgroup);
  const found = new Map<Membership, Hierarchy>();
  for (const line of mountinfo.split("\n")) {
    const fields = line.split(" ");
    const dash = fields.indexOf("-", 6);
    const [, , device, root = "/", escaped = ""] = fields;
    const type = fields[dash + 1];
    if (dash < 0 || (type !== "cgroup" && type !== "cgroup2")) continue;
    const options = fields[dash + 3]?.split(",") ?? [];
    const membership = memberships.find(({ controllers }) =>
      type === "cgroup2"
        ? controllers.length === 0
        : controllers.length > 0 && controllers.every((name) => options.includes(name)),
    );
    if (membership === undefined) continue;
    const mountPoint = decodeOctal(escaped);
    const own = below(decodeOctal(root), membership.path);
    const known = found.get(membership);
    if (known !== undefined && (known.own !== null || own === null)) continue;
    if (files.device(mountPoint) !== device) continue;
    const controllers =
      type === "cgroup"
        ? membership.controllers
        : (files.read(`${mountPoint}/cgroup.controllers`) ?? "").split(/\s+/).filter((name) => name !== "");
    found.set(membership, { version: type === "cgroup" ? 1 : 2, mountPoint, controllers, own });
  }
  return [...found.values()];
}

/** Linux's dev_t as "major:minor" (makedev(3), 32 bits of it: what filesystems without a device have). */
function deviceName(dev: number | bigint): string {
  const number = Number(dev);
  const major = Math.floor(number / 2 ** 8) % 2 ** 12;
  const minor = (number % 2 ** 8) + (Math.floor(number / 2 ** 20) % 2 ** 12) * 2 ** 8;
  return `${major}:${minor}`;
}

/** None on a machine without cgroups, or without /proc. @param pid the process whose cgroups are `own` */
export function findHierarchies(pid: number | "self" = "self"): Hierarchies {
  const cgroup = readTextIfAny(`/proc/${pid}/cgroup`);
  const mountinfo = cgroup === null ? null : readTextIfAny("/proc/self/mountinfo");
  if (cgroup === null || mountinfo === null) return [];
  return parseHierarchies(mountinfo, cgroup, {
    read: readTextIfAny,
    device(path) {
      try {
        return deviceName(sys.stat(path).dev);
      } catch (error) {
        if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return null;
        throw error;
      }
    },
  });
}
