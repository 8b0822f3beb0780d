/**
 * The processes of a container where no pid namespace and no cgroup holds them together: those whose root directory is the
 * container's, which also finds a daemon that went to init. By dev and inode, as the path reads "/" from inside.
 */
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";

/** Pids of all processes with this root, ours excepted; none where `rootfs` is the machine's own root or is gone. */
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
  const own = sys.getpid();
  return sys
    .readdir("/proc")
    .map(({ name }) => Number(name))
    .filter((pid) => Number.isInteger(pid) && pid > 0 && pid !== own)
    .filter((pid) => {
      try {
        return isIt(sys.stat(`/proc/${pid}/root`));
      } catch {
        // ended meanwhile, a kernel thread, or not ours to look at
        return false;
      }
    });
}

/** Sends a signal; a process that has ended is no error. */
export function signal(pid: number, number: number): void {
  try {
    sys.kill(pid, number);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
