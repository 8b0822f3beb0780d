/** The `Io` of the real process. */
import { hasCode } from "./common/errors.ts";
import type { Io } from "./common/io.ts";

/** 128 + SIGPIPE: what a program ends with whose reader went away. */
const BROKEN_PIPE = 141;

/* on Linux, Node writes to files, pipes and terminals at once as well */
function writeWhole(stream: { write(text: string): boolean }, text: string): void {
  try {
    stream.write(text);
  } catch (error) {
    if (hasCode(error, "EPIPE")) process.exit(BROKEN_PIPE);
    throw error;
  }
}

export function processIo(): Io {
  return {
    env: process.env,
    out: (text) => writeWhole(process.stdout, text),
    err: (text) => writeWhole(process.stderr, text),
    outColumns: process.stdout.isTTY ? process.stdout.columns : undefined,
    errColumns: process.stderr.isTTY ? process.stderr.columns : undefined,
  };
}
