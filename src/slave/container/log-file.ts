/**
 * The log of a container: appended to by the container itself, with no process between, so bounded by cutting it back
 * whenever one of our commands comes by.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { hasCode } from "../../common/errors.ts";

/**
 * Cuts a log longer than `limit` bytes back to whole lines of its newest half. The container goes on appending meanwhile:
 * the newest part is written over the oldest and only then is the rest cut off, so that a crash in between loses nothing,
 * and what came in since is looked for right before the cut.
 */
export function cutLog(file: string, limit: number): void {
  const fd = openOrNone(file, constants.O_RDWR);
  if (fd === undefined) return;
  try {
    const size = fstatSync(fd).size;
    if (size <= limit) return;
    const start = Math.max(0, size - Math.floor(limit / 2));
    const first = start + partialLine(fd, start);
    let length = copyDown(fd, first, 0);
    let copied = first + length;
    for (let tries = 0; tries < 8 && fstatSync(fd).size > copied; tries++) {
      const more = copyDown(fd, copied, length);
      copied += more;
      length += more;
    }
    ftruncateSync(fd, length);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Bytes of an unfinished line at `start`; 0 where there is no line end near. */
function partialLine(fd: number, start: number): number {
  const bytes = readAt(fd, start, 4096);
  return bytes.indexOf(10) + 1;
}

/** Copies all from `from` to the end of the file down to `to`, which lies below it. @returns bytes copied */
function copyDown(fd: number, from: number, to: number): number {
  let done = 0;
  for (;;) {
    const bytes = readAt(fd, from + done, 64 * 1024);
    if (bytes.length === 0) return done;
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, to + done + at);
    done += bytes.length;
  }
}

/** The last `lines` lines, of at most `maxBytes`, from offset `from` on; a line that was cut keeps its end. */
export function tailLog(file: string, lines: number, maxBytes: number, from = 0): string[] {
  const fd = openOrNone(file, constants.O_RDONLY);
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
  const fd = openOrNone(file, constants.O_RDONLY);
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
function openOrNone(file: string, access: number): number | undefined {
  try {
    return openSync(file, access | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
