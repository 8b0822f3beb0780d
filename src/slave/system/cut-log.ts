/** Cutting a container's log back. Seldom due, so a start reads it only when it is. */
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";

const { O_RDWR, O_NOFOLLOW, O_NOCTTY } = sys.constants;

const BLOCK = 65_536;

/**
 * If the log is above `limit` bytes, keeps the newest `limit / 2`, from the start of a line on. In place, since a running
 * program holds the file open; what it appends in the same millisecond may be lost.
 */
export function cutLog(path: string, limit: number): void {
  let fd: number;
  try {
    fd = sys.open(path, O_RDWR | O_NOFOLLOW | O_NOCTTY);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  try {
    const size = Number(sys.fstat(fd).size);
    if (size <= limit) return;
    const bytes = new Uint8Array(Math.min(BLOCK, Math.max(1, limit)));
    let from = size - Math.floor(limit / 2);
    const first = sys.read(fd, bytes, 0, bytes.length, from);
    const newline = bytes.subarray(0, first).indexOf(10);
    if (newline >= 0 && newline + 1 < first) from += newline + 1;
    let to = 0;
    // a program that writes faster than this loop copies must not keep it going
    while (to <= limit) {
      const n = sys.read(fd, bytes, 0, bytes.length, from + to);
      if (n === 0) break;
      for (let done = 0; done < n; ) done += sys.write(fd, bytes, done, n - done, to + done);
      to += n;
    }
    sys.ftruncate(fd, to);
  } finally {
    sys.close(fd);
  }
}
