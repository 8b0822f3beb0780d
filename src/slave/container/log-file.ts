/**
 * Reads a container's log, which the container itself appends to with no process between; runch/log-file.ts bounds it.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { hasCode } from "../../common/errors.ts";

/** The last `lines` lines, of at most `maxBytes`, from offset `from` on; a line that was cut keeps its end. */
export function tailLog(file: string, lines: number, maxBytes: number, from = 0): string[] {
  const fd = openOrNone(file);
  if (fd === undefined) return [];
  try {
    const size = fstatSync(fd).size;
    const start = Math.max(from <= size ? from : 0, size - maxBytes);
    const text = Buffer.from(readAt(fd, start, size - start)).toString("utf8");
    const all = text.split("\n");
    if (all.at(-1) === "") all.pop();
    return lines === 0 ? [] : all.slice(-lines);
  } finally {
    closeSync(fd);
  }
}

/** Bytes of the log as it is now; 0 where there is none. */
export function logSize(file: string): number {
  const fd = openOrNone(file);
  if (fd === undefined) return 0;
  try {
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/** Never through a link, never waiting for a fifo: the directory is root's, but care costs nothing. */
function openOrNone(file: string): number | undefined {
  try {
    return openSync(file, constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
