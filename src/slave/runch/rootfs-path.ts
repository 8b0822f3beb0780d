/**
 * Paths of a container, opened from outside. A symbolic link in an image may lead anywhere, and a process that lives in the
 * root filesystem may change it meanwhile; so what is found is held by a descriptor, each link is read before it is
 * followed, and ".." and absolute links stay below the root, as they do for a process whose root it is. openat2(2) with
 * RESOLVE_IN_ROOT does the same in one call, from Linux 5.6 on.
 */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../common/errors.ts";
import { failure } from "./failure.ts";
import { S_IFDIR, S_IFLNK, S_IFMT } from "./linux.ts";

const { O_PATH = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_WRONLY = 0, O_CREAT = 0, O_EXCL = 0 } = sys.constants;
// before 2.6.39 there is no O_PATH: the bit is ignored, and O_NONBLOCK keeps a FIFO from holding us
const LOOK = O_PATH | O_NOFOLLOW | O_NONBLOCK;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;

/** As the kernel's limit (path_resolution(7)). */
const MAX_LINKS = 40;

/** What is to be made where nothing is found; "nothing" looks only. */
export type Missing = "nothing" | "directory" | "file";

/** Where a descriptor's file can be named: mount(2) and its kin take no descriptors. */
export function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

export function isDirectory(fd: number): boolean {
  return (sys.fstat(fd).mode & S_IFMT) === S_IFDIR;
}

/** One component below the directory `at`: its descriptor, the text of a link, or null where nothing is. */
function lookAt(at: number, name: string): number | string | null {
  let fd: number;
  try {
    fd = sys.openat(at, name, LOOK);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    // a link, where O_PATH cannot open one
    if (hasCode(error, "ELOOP")) return sys.readlink(`${pathOf(at)}/${name}`);
    throw error;
  }
  if ((sys.fstat(fd).mode & S_IFMT) !== S_IFLNK) return fd;
  sys.close(fd);
  return sys.readlink(`${pathOf(at)}/${name}`);
}

function walk(root: number, path: string, missing: Missing): number | null {
  const rest = path.split("/").reverse();
  // the directories that we stand in, outermost first: ".." takes one away and never the root
  const stack = [root];
  let links = 0;
  const leave = (keep: number) => {
    for (const fd of stack) if (fd !== root && fd !== keep) sys.close(fd);
  };
  try {
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
      if (name === "" || name === ".") continue;
      const at = stack[stack.length - 1] ?? root;
      if (name === "..") {
        if (stack.length > 1) sys.close(stack.pop() ?? -1);
        continue;
      }
      const found = lookAt(at, name);
      if (typeof found === "string") {
        if (++links > MAX_LINKS) throw failure(`${path}: in the root filesystem: too many symbolic links`);
        if (found.startsWith("/")) while (stack.length > 1) sys.close(stack.pop() ?? -1);
        rest.push(...found.split("/").reverse());
      } else if (found !== null) {
        stack.push(found);
      } else {
        if (missing === "nothing") {
          leave(-1);
          return null;
        }
        const isLast = !rest.some((part) => part !== "" && part !== ".");
        const place = `${pathOf(at)}/${name}`;
        if (isLast && missing === "file") sys.close(sys.open(place, O_WRONLY | O_CREAT | O_EXCL, 0o644));
        else sys.mkdir(place, 0o755);
        rest.push(name);
      }
    }
  } catch (error) {
    leave(-1);
    throw error;
  }
  const last = stack[stack.length - 1] ?? root;
  const result = last === root ? sys.openat(root, ".", LOOK) : last;
  leave(result);
  return result;
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
    return walk(root, path, missing);
  } catch (error) {
    if (!hasCode(error, "ENOTDIR", "ELOOP", "EXDEV")) throw error;
    throw failure(`${path}: in the root filesystem: ${reason(error)}`);
  }
}
