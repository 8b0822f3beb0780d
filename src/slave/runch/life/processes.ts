/**
 * The processes of a container: what is in its cgroup, in its pid namespace or in its mount namespace. Where it has none of
 * these, those whose root directory is the container's, which also finds a daemon that went to init. Roots are
 * compared by device and inode: from inside, the path is just "/".
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import { hasCode } from "../../../common/errors.ts";
import { listIds } from "../state/register.ts";
import { isAlive, namespaceOf, readState } from "../state/state-store.ts";

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
function processesIn(rootfs: string): number[] {
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

/**
 * Those in its mount namespace. The kernel gives the number of one that is gone to the next, so when its first process has
 * ended the number alone says nothing: the root has to be the container's too, and no other container may have the namespace.
 */
function processesInMounts(root: string, state: ContainerStateFile, name: string): number[] {
  const inNamespace = select((pid) => namespaceOf(pid, "mnt") === name);
  // a process that is ending gives its namespace back before it counts as ended
  const isKept = namespaceOf(state.pid, "mnt") === name && isAlive(state);
  if (isKept || inNamespace.length === 0) return inNamespace;
  for (const id of listIds(root)) {
    const other = id === state.id ? null : readState(root, id);
    if (other?.mountNamespace === name && isAlive(other)) return [];
  }
  const inRoot = processesIn(state.rootfs);
  return inNamespace.filter((pid) => inRoot.includes(pid));
}

/**
 * @param root where the states are kept
 * @returns pids, each once
 */
export async function processesOf(root: string, state: ContainerStateFile): Promise<number[]> {
  const { pidNamespace, mountNamespace, cgroups = [] } = state;
  let pids: number[];
  if (pidNamespace !== undefined) {
    // it ends with its first process, and its number goes to another: so that has to be alive when all have been looked at
    const inNamespace = select((pid) => namespaceOf(pid, "pid") === pidNamespace);
    pids = isAlive(state) ? inNamespace : [];
  } else if (mountNamespace !== undefined) {
    pids = processesInMounts(root, state, mountNamespace);
  } else {
    pids = processesIn(state.rootfs);
  }
  if (cgroups.length === 0) return pids;
  const { ownCgroups } = await import("../cgroup/owner.ts");
  const { processesInCgroup } = await import("../cgroup/tree.ts");
  return [...new Set([...pids, ...processesInCgroup(ownCgroups(root, state))])];
}
