/** `node:assert`: enough for packages that check their own arguments. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
  readonly code = "ERR_ASSERTION";
}

export function ok(value: unknown, message?: string | Error): asserts value {
  if (value) return;
  if (message instanceof Error) throw message;
  throw new AssertionError(message ?? "The expression evaluated to a falsy value");
}

export default ok;
