/** The error that ends a failed start; loaded only when one fails. */
import { isSystemError, isVzError, reason, Status, VzError } from "../../common/errors.ts";

/** Any failure on the way to a container's process as one of 125, 126 and 127; a wrong command line stays 64. */
export function runnerFailure(error: unknown): VzError {
  if (isVzError(error)) {
    const { status, message, hint } = error;
    if (status === Status.usage || (status >= Status.runnerFailed && status <= Status.notFound)) return error;
    return new VzError(
      Status.runnerFailed,
      message,
      hint === undefined ? { cause: error } : { hint, cause: error },
    );
  }
  const what = isSystemError(error)
    ? `${error.syscall}${error.path === undefined ? "" : ` ${error.path}`}: `
    : "";
  return new VzError(Status.runnerFailed, `${what}${reason(error)}`, { cause: error });
}
