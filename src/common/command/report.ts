/** Prints an error that nothing below the top of a command has caught. */
import { isSystemError, isVzError, reason, Status } from "../errors.ts";
import type { Io } from "../io.ts";

/** Writes `error` to standard error, with its stack under VZ_DEBUG=1. @returns the status to exit with */
export function report(error: unknown, io: Io): number {
  const debug = io.env["VZ_DEBUG"] === "1";
  let status: number = Status.bug;
  if (isVzError(error)) {
    status = error.status;
    io.err(`vz: ${error.message}\n`);
    if (error.hint !== undefined) io.err(`hint: ${error.hint}\n`);
  } else if (isSystemError(error)) {
    status = Status.osError;
    const object = error.path === undefined ? error.syscall : `${error.syscall} ${error.path}`;
    io.err(`vz: ${object}: ${reason(error)}\n`);
  } else {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    io.err(`vz: this is a bug in vz: ${what}\n`);
    if (!debug) io.err("hint: run it again with VZ_DEBUG=1 and report what it prints\n");
  }
  for (let at = debug ? error : undefined; at instanceof Error; at = at.cause)
    io.err(`${at.stack ?? at.message}\n`);
  return status;
}
