/**
 * Paths of a container, opened from outside. A symbolic link in an image may lead anywhere, and a process that lives in the
 * root filesystem may change it meanwhile; so what is found is held by a descriptor, each link is read before it is
 * followed, and ".." and absolute links stay below the root, as they do for a process whose root it is. openat2(2) with
 * RESOLVE_IN_ROOT does the same in one call, from Linux 5.6 on.
 */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import { failure } from "../../system/failure.ts";
import { S_IFDIR, S_IFMT } from "../../system/linux.ts";
import type { Missing } from "../model.ts";
import defer * as rootfsWalk from "./rootfs-walk.ts";

const { O_PATH } = sys.constants;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;

export function isDirectory(fd: number): boolean {
  return (sys.fstat(fd).mode & S_IFMT) === S_IFDIR;
}

let hasOpenat2 = true;

/**
 * @param root descriptor of the root filesystem's directory
 * @param path path inside; relative is taken from the root
 * @returns a descriptor to close, or null where nothing is and nothing was to be made
 * @throws VzError 125 for a file where a directory has to be, or links in a circle
 */
export function openInRoot(root: number, path: string, missing: Missing): number | null {
  try {
    if (hasOpenat2) {
      try {
        return sys.openat2(root, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
      } catch (error) {
        // EAGAIN: something was renamed meanwhile, and the kernel cannot tell whether it led outside
        if (hasCode(error, "ENOSYS", "EPERM", "EINVAL")) hasOpenat2 = false;
        else if (!hasCode(error, "ENOENT", "EAGAIN")) throw error;
        else if (hasCode(error, "ENOENT") && missing === "nothing") return null;
      }
    }
    return rootfsWalk.walk(root, path, missing);
  } catch (error) {
    if (!hasCode(error, "ENOTDIR", "ELOOP", "EXDEV")) throw error;
    throw failure(`${path}: in the root filesystem: ${reason(error)}`);
  }
}
