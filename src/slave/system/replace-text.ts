/** Files that others may read at any time, through system calls alone: runch has no time to load more. */
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = sys.constants;

/**
 * Replaces a file at once: a reader sees the old or the new text. Not synced: for files that a boot wipes anyway.
 * @returns a descriptor of the new file, to write and close
 */
export function replaceText(path: string, text: string, mode: number): number {
  const temporary = `${path}.${sys.getpid()}`;
  const fd = openNew(temporary, mode);
  try {
    sys.writeAll(fd, text);
    sys.rename(temporary, path);
  } catch (error) {
    sys.close(fd);
    sys.unlink(temporary);
    throw error;
  }
  return fd;
}

/** Makes a new file. In a directory that others can write, it neither follows nor reuses what they put there. */
function openNew(path: string, mode: number): number {
  const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
  try {
    return sys.open(path, flags, mode);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    // of a process that was killed, whose number is ours now
    sys.unlink(path);
    return sys.open(path, flags, mode);
  }
}
