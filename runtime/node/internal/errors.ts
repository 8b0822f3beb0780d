/** Errors worded as Node words them, so that code and messages read the same on both engines. */

type ErrorClass = new (message: string) => Error;
export type CodedError = Error & { code: string };

export function codedError(Class: ErrorClass, code: string, message: string): CodedError {
  return Object.assign(new Class(message), { code });
}

/** A value in the words of Node's messages: `type string ('x')`, `an instance of Map`. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "function") return value.name === "" ? "function " : `function ${value.name}`;
  if (typeof value === "object") {
    const name: unknown = value.constructor?.name;
    return typeof name === "string" && name !== "" ? `an instance of ${name}` : "[Object: null prototype] {}";
  }
  const text =
    typeof value === "string" ? quote(value) : `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
  return `type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`;
}

function quote(text: string): string {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : "`";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL is what such a message is mostly about
  return mark + text.replace(/\x00/g, "\\x00").replace(/\n/g, "\\n") + mark;
}

export function invalidType(name: string, expected: string, value: unknown): CodedError {
  const kind = name.includes(".") ? "property" : "argument";
  const what = name.endsWith(" argument") ? name : `"${name}" ${kind}`;
  const message = `The ${what} must be ${expected}. Received ${describe(value)}`;
  return codedError(TypeError, "ERR_INVALID_ARG_TYPE", message);
}

export function invalidValue(name: string, value: unknown, why = "is invalid"): CodedError {
  const kind = name.includes(".") ? "property" : "argument";
  const received = typeof value === "string" ? quote(value) : String(value);
  const message = `The ${kind} '${name}' ${why}. Received ${received}`;
  return codedError(TypeError, "ERR_INVALID_ARG_VALUE", message);
}

export function outOfRange(name: string, range: string, value: unknown): CodedError {
  const whole = Number.isInteger(value) || typeof value === "bigint";
  let received = String(value);
  if (whole && Math.abs(Number(value)) > 2 ** 32) received = received.replace(/\B(?=(\d{3})+$)/g, "_");
  if (typeof value === "bigint") received += "n";
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${received}`;
  return codedError(RangeError, "ERR_OUT_OF_RANGE", message);
}

/** For what Node has and these modules have not: said aloud, never ignored. */
export function notOffered(what: string): CodedError {
  return codedError(Error, "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", `${what} is not offered here`);
}

/** @throws for a key of `options` that has a value and is not among `known`: an option is obeyed or refused. */
export function checkOptions(
  name: string,
  options: object | null | undefined,
  known: readonly string[],
): void {
  for (const [key, value] of Object.entries(options ?? {})) {
    if (value !== undefined && !known.includes(key)) throw notOffered(`${name}: option ${key}`);
  }
}

export function checkFunction(
  name: string,
  value: unknown,
): asserts value is (...args: unknown[]) => unknown {
  if (typeof value !== "function") throw invalidType(name, "of type function", value);
}

interface SystemFailure extends Error {
  code: string;
  errno: number;
  syscall: string;
}

export function isSystemFailure(error: unknown): error is SystemFailure {
  return error instanceof Error && "errno" in error && "code" in error && "syscall" in error;
}

/** The short form that Node uses for streams and processes: `write EPIPE`, `spawn x ENOENT`. */
export function shortFailure(error: unknown, syscall: string, more: object = {}): unknown {
  if (!isSystemFailure(error)) return error;
  const { errno, code } = error;
  return Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall }, more);
}
