/** Files that others may read at any time, through system calls alone: runch has no time to load more. */
import * as sys from "vz:sys";

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = sys.constants;

/**
 * Replaces a file at once: a reader sees the old or the new text. Not synced: for files that a boot wipes anyway.
 * @returns a descriptor of the new file, to write and close
 */
export function replaceText(path: string, text: string, mode: number): number {
  const temporary = `${path}.${sys.getpid()}.${Math.random().toString(36).slice(2)}`;
  // where others may write, what they put there is neither followed nor taken
  const fd = sys.open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
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
