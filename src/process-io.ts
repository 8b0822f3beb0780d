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

type Name = "stdout" | "stderr";

function writer(name: Name): (text: string) => void {
  let guarded = false;
  return (text) => {
    if (!guarded) process[name].on("error", onFailure);
    guarded = true;
    process[name].write(text);
  };
}

function columns(name: Name): number | undefined {
  return process[name].isTTY ? process[name].columns || ASSUMED_COLUMNS : undefined;
}

/** Nothing is looked up before somebody asks: `runch` needs none of it. */
export function processIo(): Io {
  return {
    get env() {
      return process.env;
    },
    out: writer("stdout"),
    err: writer("stderr"),
    get outColumns() {
      return columns("stdout");
    },
    get errColumns() {
      return columns("stderr");
    },
  };
}
