/** Looking at this machine's cgroup hierarchies. */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { readTextIfAny } from "../../system/files.ts";
import { type Hierarchies, parseHierarchies } from "./hierarchies.ts";

/** Linux's dev_t as "major:minor" (makedev(3), 32 bits of it: what filesystems without a device have). */
function deviceName(dev: number | bigint): string {
  const number = Number(dev);
  const major = Math.floor(number / 2 ** 8) % 2 ** 12;
  const minor = (number % 2 ** 8) + (Math.floor(number / 2 ** 20) % 2 ** 12) * 2 ** 8;
  return `${major}:${minor}`;
}

/** None on a machine without cgroups, or without /proc. @param pid whose cgroups are its "own" */
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
