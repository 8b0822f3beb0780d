/**
 * Mounts that outlive a container: where the kernel gives no mount namespace, they stand in the machine's own, and nobody
 * is left to undo them when the container's process ends. So the next start, or `delete`, undoes them.
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import { hasCode } from "../../../common/errors.ts";
import { failure } from "../../system/failure.ts";
import { readTextIfAny } from "../../system/files.ts";
import { parseMountPoints, toUnmount } from "../../system/mount-table.ts";

const { MNT_DETACH, UMOUNT_NOFOLLOW } = sys.constants;

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

/** Undoes one mount. @returns whether there was one: another runch may be at it as well */
function unmount(path: string): boolean {
  for (const flags of [MNT_DETACH | UMOUNT_NOFOLLOW, MNT_DETACH]) {
    try {
      sys.umount(path, flags);
      return true;
    } catch (error) {
      // no mount there, or a kernel before 2.6.34 that has no UMOUNT_NOFOLLOW; the paths of the mount table hold no links
      if (!hasCode(error, "EINVAL", "ENOENT")) throw error;
    }
  }
  return false;
}

/** Undoes what an instance that has ended left mounted; leaves what was there before it. */
export function unmountLeftovers(state: ContainerStateFile): void {
  const { hostMounts, rootfs } = state;
  if (hostMounts === null) return;
  // again for what stands hidden below another mount
  for (;;) {
    const left = toUnmount(mountsBelow(rootfs), hostMounts);
    if (left.length === 0) return;
    const done = left.filter(unmount);
    if (done.length > 0) continue;
    if (toUnmount(mountsBelow(rootfs), hostMounts).length === 0) return;
    throw failure(`${left[0]}: cannot be unmounted`);
  }
}
