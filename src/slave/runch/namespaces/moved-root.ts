/** A change of the root without pivot_root(2): for an initramfs, which cannot be pivoted away from, and for `--no-pivot`. */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { readTextIfAny } from "../../system/files.ts";
import { parseMountPoints } from "../../system/mount-table.ts";

const { MNT_DETACH, MS_MOVE } = sys.constants;

/**
 * Takes the machine's own proc and sysfs away, which stay in the namespace when the root is only moved: as long as one is
 * there, whoever makes a user namespace inside may mount another, with nothing masked (user_namespaces(7)).
 */
function takeKernelFilesAway(rootfs: string): void {
  const table = readTextIfAny("/proc/self/mounts") ?? "";
  const inside = parseMountPoints(table, rootfs);
  for (const point of parseMountPoints(table, "", ["proc", "sysfs"]).reverse()) {
    if (inside.includes(point)) continue;
    try {
      sys.umount(point, MNT_DETACH);
    } catch (error) {
      // another mount is in front of it
      if (hasCode(error, "ENOENT")) continue;
      if (!hasCode(error, "EINVAL", "EPERM")) throw error;
      // a user namespace locks it in its place: it is covered instead, which is as good
      sys.mount("tmpfs", point, "tmpfs", 0, null);
    }
  }
}

/** Moves the mount of the working directory to the top of the tree, and makes it the root. */
export function moveRoot(): void {
  takeKernelFilesAway(sys.getcwd());
  sys.mount(".", "/", null, MS_MOVE, null);
  sys.chroot(".");
}
