/** `node:assert`: enough for libraries that check their own arguments. */

export class AssertionError extends Error {
  readonly code = "ERR_ASSERTION";
  override readonly name = "AssertionError";
}

export default function assert(value: unknown, message?: string | Error): asserts value {
  if (value) return;
  throw message instanceof Error
    ? message
    : new AssertionError(message ?? "The expression evaluated to a falsy value");
}
