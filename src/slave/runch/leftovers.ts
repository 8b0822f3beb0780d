/**
 * Mounts that outlive a container: where the kernel gives no mount namespace, they stand in the machine's own, and nobody
 * is left to undo them when the container's process ends. So the next start and `delete` do.
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../common/container-state.ts";
import { hasCode } from "../../common/errors.ts";
import { readTextIfAny } from "./files.ts";
import { parseMountPoints, toUnmount } from "./mount-table.ts";

const { MNT_DETACH = 0, UMOUNT_NOFOLLOW = 0 } = sys.constants;

/** What is mounted at and below `rootfs` now, in the order of mounting. */
export function mountsBelow(rootfs: string): string[] {
  let real = rootfs;
  try {
    real = sys.realpath(rootfs);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
  return parseMountPoints(readTextIfAny("/proc/self/mounts") ?? "", real);
}

/** Undoes what an instance that has ended left mounted; leaves what was there before it. */
export function unmountLeftovers(state: ContainerStateFile): void {
  if (state.hostMounts === null) return;
  for (const path of toUnmount(mountsBelow(state.rootfs), state.hostMounts)) {
    try {
      sys.umount(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    } catch (error) {
      // UMOUNT_NOFOLLOW is newer than 2.6.32; the paths of the mount table hold no links
      if (!hasCode(error, "EINVAL")) throw error;
      sys.umount(path, MNT_DETACH);
    }
  }
}
