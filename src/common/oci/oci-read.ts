/**
 * The parts that make up a reader of an OCI `config.json`. They take nothing on trust: a value of the wrong type is an error
 * that names its field; a field that the specification does not have is handed back by name. `null` is an absent field, as
 * Go's JSON has it.
 */
import { Status, VzError } from "../errors.ts";

/** Reads one value; `at` is the path of the field, `unknown` gathers fields that the specification does not have. */
export type Reader<T> = (value: unknown, at: string, unknown: string[]) => T;
type Shape = Readonly<Record<string, Reader<unknown>>>;
type Values<S extends Shape> = { [K in keyof S]: S[K] extends Reader<infer T> ? T : never };
export type Infer<R> = R extends Reader<infer T> ? T : never;

/** An error in config.json, named by the path of its field. */
export function badConfig(at: string, why: string): VzError {
  return new VzError(Status.badConfig, `config.json: ${at}: ${why}`);
}

export const text: Reader<string> = (value, at) => {
  if (typeof value !== "string") throw badConfig(at, "not a string");
  if (value.includes("\0")) throw badConfig(at, "holds a NUL byte");
  return value;
};

/** A whole number from 0; above 2^53 the nearest double, which a caller takes for "no limit". */
export const count: Reader<number> = (value, at) => {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0)
    throw badConfig(at, "not a whole number from 0");
  return value;
};

export const id32: Reader<number> = (value, at, unknown) => {
  const number = count(value, at, unknown);
  // the kernel takes the highest for "leave it as it is"
  if (number > 0xfffffffe) throw badConfig(at, "above 4294967294");
  return number;
};

export const whole: Reader<number> = (value, at) => {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw badConfig(at, "not a whole number");
  return value;
};

export const flag: Reader<boolean> = (value, at) => {
  if (typeof value !== "boolean") throw badConfig(at, "neither true nor false");
  return value;
};

export const anything: Reader<unknown> = (value) => value;

export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, at, unknown) => {
    if (!Array.isArray(value)) throw badConfig(at, "not a list");
    return value.map((one, i) => item(one, `${at}[${i}]`, unknown));
  };
}

export const texts = list(text);

export function plainObject(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badConfig(at, "not an object");
  return value as Record<string, unknown>;
}

export const textMap: Reader<Readonly<Record<string, string>>> = (value, at, unknown) => {
  const entries = Object.entries(plainObject(value, at));
  return Object.fromEntries(entries.map(([key, one]) => [key, text(one, `${at}.${key}`, unknown)]));
};

export function object<R extends Shape, O extends Shape>(
  required: R,
  optional: O,
): Reader<Readonly<Values<R>> & { readonly [K in keyof Values<O>]?: Values<O>[K] }> {
  // without a prototype, so that "constructor" is no field
  const readers: Shape = Object.assign(Object.create(null), required, optional);
  const needed = Object.keys(required);
  return (value, at, unknown) => {
    const input = plainObject(value, at);
    const out: Record<string, unknown> = {};
    for (const key of Object.keys(input)) {
      const one = input[key];
      const path = at === "" ? key : `${at}.${key}`;
      const reader = readers[key];
      if (reader === undefined) unknown.push(path);
      else if (one !== null) out[key] = reader(one, path, unknown);
    }
    const missing = needed.find((key) => out[key] === undefined);
    if (missing !== undefined) throw badConfig(at === "" ? missing : `${at}.${missing}`, "missing");
    // every key was read by the reader of its name, which is what the type says
    return out as ReturnType<ReturnType<typeof object<R, O>>>;
  };
}
