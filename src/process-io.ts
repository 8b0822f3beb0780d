/** The `Io` of the real process. */
import { writeSync } from "node:fs";
import { hasCode } from "./common/errors.ts";
import type { Io } from "./common/io.ts";

/** 128 + SIGPIPE: what a program ends with whose reader went away. */
const BROKEN_PIPE = 141;

function writeWhole(fd: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if (hasCode(error, "EPIPE")) process.exit(BROKEN_PIPE);
      if (!hasCode(error, "EAGAIN")) throw error;
    }
  }
}

export function processIo(): Io {
  return {
    env: process.env,
    out: (text) => writeWhole(1, text),
    err: (text) => writeWhole(2, text),
    outColumns: process.stdout.isTTY ? process.stdout.columns : undefined,
    errColumns: process.stderr.isTTY ? process.stderr.columns : undefined,
  };
}
