/** Whether something is there, without the file functions of Node: `vzexec` answers most verbs without them. */
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";

/** A link that leads nowhere is there, too. */
export function exists(path: string): boolean {
  try {
    sys.lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}
