/** The real process as `src/main.ts` needs it. On the base src/cli/process-io.base.ts stands for this file. */
import { hasCode } from "../common/errors.ts";
import type { Io } from "../common/io.ts";

/** Status of a program whose reader went away: 128 + SIGPIPE. */
const BROKEN_PIPE = 141;
/** Width of a terminal that does not tell its own (a serial console says 0). */
const ASSUMED_COLUMNS = 80;

/** argv[0] and the arguments. */
export function commandLine(): readonly string[] {
  return [process.argv0, ...process.argv.slice(2)];
}

/** @param report called with an error or rejection that nobody caught; gives the status to end with */
export function onUncaught(report: (error: unknown) => number): void {
  process.on("uncaughtException", (error) => process.exit(report(error)));
  process.on("unhandledRejection", (error) => process.exit(report(error)));
}

/** Ends the process with this status once it has nothing more to wait for. */
export function endWith(status: number): void {
  process.exitCode = status;
}

export function exit(status: number): never {
  process.exit(status);
}

/** On Linux Node writes to files, pipes and terminals at once; a failure comes as an event. */
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
