/**
 * The way to a path inside a root filesystem, one name after the other: for kernels without openat2(2), and for what is to be
 * made below directories that are missing.
 */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { failure } from "../../system/failure.ts";
import { pathOf } from "../../system/files.ts";
import { S_IFLNK, S_IFMT } from "../../system/linux.ts";
import type { Missing } from "../model.ts";

const { O_PATH, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = sys.constants;
// before 2.6.39 there is no O_PATH: the bit is ignored, and O_NONBLOCK keeps a FIFO from holding us
const LOOK = O_PATH | O_NOFOLLOW | O_NONBLOCK;

/** As the kernel's limit (path_resolution(7)). */
const MAX_LINKS = 40;

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

/**
 * As openInRoot.
 * @throws a system call's failure, or VzError 125 for links in a circle
 */
export function walk(root: number, path: string, missing: Missing): number | null {
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
