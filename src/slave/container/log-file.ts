/** Reads a container's log, to which the container appends with no process between; system/cut-log.ts cuts it back. */
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";

/** The last `count` lines of `text`, whether or not the last one has ended. */
export function lastLines(text: string, count: number): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return count === 0 ? [] : lines.slice(-count);
}

/**
 * Where to begin reading a log of `size` bytes: at `from`, or at 0 where the log has been cut back since; at most `most` bytes
 * before its end.
 */
export function readFrom(size: number, from: number, most: number): number {
  return Math.max(from <= size ? from : 0, size - most);
}

/** The last `count` lines, of at most `most` bytes, behind the first `from` bytes; none where there is no log. */
export function tailLog(file: string, count: number, most: number, from = 0): string[] {
  return withLog(file, [], (fd, size) => {
    const start = readFrom(size, from, most);
    const bytes = new Uint8Array(size - start);
    let done = 0;
    while (done < bytes.length) {
      const read = sys.read(fd, bytes, done, bytes.length - done, start + done);
      if (read === 0) break;
      done += read;
    }
    return lastLines(sys.utf8Decode(bytes, 0, done), count);
  });
}

/** Bytes of the log as it is now; 0 where there is none. */
export function logSize(file: string): number {
  return withLog(file, 0, (_, size) => size);
}

function withLog<T>(file: string, none: T, use: (fd: number, size: number) => T): T {
  let fd: number;
  try {
    fd = sys.open(file, sys.constants.O_RDONLY | sys.constants.O_NOFOLLOW | sys.constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return none;
    throw error;
  }
  try {
    return use(fd, Number(sys.fstat(fd).size));
  } finally {
    sys.close(fd);
  }
}
