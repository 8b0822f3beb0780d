/** The runner's own errors: status 125, whatever the cause. */
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";

/** @param message "WHAT: WHY" */
export function failure(message: string, hint?: string): VzError {
  return new VzError(Status.runnerFailed, message, hint === undefined ? {} : { hint });
}

/** `what` could not be done: "WHAT: the reason that `cause` gives". */
export function failed(what: string, cause: unknown, hint?: string): VzError {
  return new VzError(
    Status.runnerFailed,
    `${what}: ${reason(cause)}`,
    hint === undefined ? { cause } : { cause, hint },
  );
}

/** Runs `act`, whose own error would not say what it is about. @throws VzError 125 "WHAT: the reason" */
export function attempt(what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw failed(what, error);
  }
}

/** Whether the kernel does not let us mount at all, as against a mistake in what was asked. */
export function isMountRefused(error: unknown): boolean {
  return hasCode(error, "EPERM", "EACCES", "ENOSYS", "ENODEV");
}

/** Whether the kernel has no such namespace, or not for us, or no more of them. */
export function isNamespaceRefused(error: unknown): boolean {
  return isMountRefused(error) || hasCode(error, "EINVAL", "EUSERS", "ENOSPC");
}
