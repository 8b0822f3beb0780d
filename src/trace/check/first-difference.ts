/** Where two files begin to differ. */
import { closeSync, openSync, readSync } from "node:fs";

const PIECE = 1 << 16;
/** Bytes of a line that are shown. */
const SHOWN = 120;
const NEWLINE = 10;

export interface Difference {
  /** From 1. */
  readonly line: number;
  /** The line in each file, as far as it is shown, a byte string; undefined where a file has ended before it. */
  readonly texts: readonly [string | undefined, string | undefined];
}

/** Compares two files piece by piece. @returns undefined where they are the same */
export function firstDifference(one: string, other: string): Difference | undefined {
  const fds = [openSync(one, "r"), openSync(other, "r")] as const;
  try {
    const pieces = [Buffer.alloc(PIECE), Buffer.alloc(PIECE)] as const;
    let line = 1;
    let lineStart = 0;
    for (let at = 0; ; at += PIECE) {
      const [a, b] = [readPiece(fds[0], pieces[0], at), readPiece(fds[1], pieces[1], at)];
      const length = Math.max(a.length, b.length);
      for (let i = 0; i < length; i++) {
        if (a[i] !== b[i]) return { line, texts: [lineAt(fds[0], lineStart), lineAt(fds[1], lineStart)] };
        if (a[i] === NEWLINE) {
          line++;
          lineStart = at + i + 1;
        }
      }
      if (length < PIECE) return undefined;
    }
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

function readPiece(fd: number, buffer: Buffer, position: number): Buffer {
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(fd, buffer, length, buffer.length - length, position + length);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

function lineAt(fd: number, position: number): string | undefined {
  const text = readPiece(fd, Buffer.alloc(SHOWN), position).toString("latin1");
  return text === "" ? undefined : text.split("\n")[0];
}
