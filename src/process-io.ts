/** The `Io` of the real process. */
import { hasCode } from "./common/errors.ts";
import type { Io } from "./common/io.ts";

/** 128 + SIGPIPE: what a program ends with whose reader went away. */
const BROKEN_PIPE = 141;
/** Of a terminal that does not tell (a serial console says 0). */
const ASSUMED_COLUMNS = 80;

/** On Linux both engines write to files, pipes and terminals at once; a failure comes as an event. */
function onFailure(error: unknown): never {
  if (hasCode(error, "EPIPE")) process.exit(BROKEN_PIPE);
  throw error;
}

export function processIo(): Io {
  const { stdout, stderr } = process;
  stdout.on("error", onFailure);
  stderr.on("error", onFailure);
  return {
    env: process.env,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outColumns: stdout.isTTY ? stdout.columns || ASSUMED_COLUMNS : undefined,
    errColumns: stderr.isTTY ? stderr.columns || ASSUMED_COLUMNS : undefined,
  };
}
