/**
 * The one kind of error that vz raises on purpose, and the exit statuses of the whole project.
 * Libraries throw; only `src/main.ts` prints and exits.
 */

/** Exit statuses: sysexits(3) for vz's own faults, the shell's for exec-like paths. vz never exits 255: it is ssh's. */
export const Status = {
  ok: 0,
  failed: 1,
  differs: 2,
  usage: 64,
  badData: 65,
  unreachable: 69,
  bug: 70,
  osError: 71,
  tryAgain: 75,
  refused: 77,
  badConfig: 78,
  timedOut: 124,
  runnerFailed: 125,
  notExecutable: 126,
  notFound: 127,
} as const;

export interface ErrorDetails {
  /** A remedy that the reader can try; printed as a second line. */
  hint?: string;
  /** What led here; its stack is shown under VZ_DEBUG=1. */
  cause?: unknown;
}

/** An expected failure. `message` reads `WHAT: WHY`; main prints it behind `vz: `. */
export class VzError extends Error {
  override readonly name = "VzError";
  readonly status: number;
  readonly hint: string | undefined;

  constructor(status: number, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = status;
    this.hint = details.hint;
  }
}

/** Role bundles carry their own copy of the class, so it is known by name and not by identity. */
export function isVzError(error: unknown): error is VzError {
  return error instanceof Error && error.name === "VzError";
}

/** A system call's failure, as Node and `vz:sys` shape it. */
export interface SystemError extends Error {
  code: string;
  syscall: string;
  path?: string;
}

export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "syscall" in error && "code" in error;
}

/** Whether `error` is a system call's failure with one of `codes` ("ENOENT"). */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** The reason alone, in words, without code and call: "no such file or directory". */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!isSystemError(error)) return error.message;
  const text = /^[A-Z0-9_]+: (.*?), [a-z_0-9]+/s.exec(error.message)?.[1];
  return text ?? error.message;
}
