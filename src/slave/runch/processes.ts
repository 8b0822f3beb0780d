/**
 * The processes of a container: what is in its cgroup, in its pid namespace or in its mount namespace. Where it has none of
 * these, those whose root directory is the container's, which also finds a daemon that went to init. By dev and inode, as the
 * path reads "/" from inside.
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../common/container-state.ts";
import { hasCode } from "../../common/errors.ts";
import { namespaceOf } from "./state-store.ts";

/** Pids of all processes for which `isOne` holds, ours excepted. */
function select(isOne: (pid: number) => boolean): number[] {
  const own = sys.getpid();
  return sys
    .readdir("/proc")
    .map(({ name }) => Number(name))
    .filter((pid) => Number.isInteger(pid) && pid > 0 && pid !== own)
    .filter(isOne);
}

/** Pids of all processes with this root; none where `rootfs` is the machine's own root or is gone. */
export function processesIn(rootfs: string): number[] {
  let root: sys.Stat;
  try {
    root = sys.stat(rootfs);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
  const isIt = (other: sys.Stat) => other.dev === root.dev && other.ino === root.ino;
  if (isIt(sys.stat("/"))) return [];
  return select((pid) => {
    try {
      return isIt(sys.stat(`/proc/${pid}/root`));
    } catch {
      // ended meanwhile, a kernel thread, or not ours to look at
      return false;
    }
  });
}

/** @returns pids, each once */
export async function processesOf(state: ContainerStateFile): Promise<number[]> {
  const { pidNamespace, mountNamespace, cgroups = [] } = state;
  const pids =
    pidNamespace !== undefined
      ? select((pid) => namespaceOf(pid, "pid") === pidNamespace)
      : mountNamespace !== undefined
        ? select((pid) => namespaceOf(pid, "mnt") === mountNamespace)
        : processesIn(state.rootfs);
  if (cgroups.length === 0) return pids;
  const { processesInCgroup } = await import("./cgroup/cgroup-control.ts");
  return [...new Set([...pids, ...processesInCgroup(cgroups)])];
}

/** Sends a signal; a process that has ended is no error. */
export function signal(pid: number, number: number): void {
  try {
    sys.kill(pid, number);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
