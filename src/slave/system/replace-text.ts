/** Files that others may read at any time. */
import * as sys from "vz:sys";

const { O_WRONLY, O_CREAT, O_TRUNC } = sys.constants;

/** Replaces a file at once: a reader sees the old or the new text. Not synced: for files that a boot wipes anyway. */
export function replaceText(path: string, text: string, mode: number): void {
  const temporary = `${path}.${sys.getpid()}`;
  const fd = sys.open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode);
  try {
    sys.writeAll(fd, text);
  } finally {
    sys.close(fd);
  }
  sys.rename(temporary, path);
}
