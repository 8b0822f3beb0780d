/** `node:util`: what packages need of it. */
import { checkFunction } from "./internal/errors.ts";
import { inspect } from "./internal/inspect.ts";

export { TextDecoder, TextEncoder } from "./internal/text.ts";
export { inspect };

interface Constructor {
  prototype: object;
}

export function inherits(child: Constructor, parent: Constructor): void {
  Object.defineProperty(child, "super_", { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(child.prototype, parent.prototype);
}

function isTag(value: unknown, tag: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${tag}]`;
}

export const types = {
  isDate: (value: unknown): boolean => value instanceof Date,
  isRegExp: (value: unknown): boolean => value instanceof RegExp,
  isMap: (value: unknown): boolean => value instanceof Map,
  isSet: (value: unknown): boolean => value instanceof Set,
  isPromise: (value: unknown): boolean => value instanceof Promise,
  isNativeError: (value: unknown): boolean => value instanceof Error,
  isUint8Array: (value: unknown): boolean => value instanceof Uint8Array,
  isTypedArray: (value: unknown): boolean => ArrayBuffer.isView(value) && !(value instanceof DataView),
  isArrayBufferView: (value: unknown): boolean => ArrayBuffer.isView(value),
  isAnyArrayBuffer: (value: unknown): boolean =>
    isTag(value, "ArrayBuffer") || isTag(value, "SharedArrayBuffer"),
};

/** %s as text, %d %i %f as numbers, %j as JSON, %o %O inspected, %c dropped; further values behind, parted by blanks. */
export function format(...values: unknown[]): string {
  const rest = [...values];
  const parts: string[] = [];
  const [template] = rest;
  if (typeof template === "string" && rest.length > 1) {
    rest.shift();
    parts.push(template.replace(/%[sdifjoOc%]/g, (mark) => fill(mark, rest)));
  }
  for (const value of rest) parts.push(typeof value === "string" ? value : inspect(value));
  return parts.join(" ");
}

function fill(mark: string, rest: unknown[]): string {
  if (mark === "%%") return "%";
  if (rest.length === 0) return mark;
  const value = rest.shift();
  switch (mark) {
    case "%s":
      return asText(value);
    case "%d":
      return asNumber(value, Number);
    case "%i":
      return asNumber(value, (one) => Number.parseInt(String(one), 10));
    case "%f":
      return typeof value === "symbol" ? "NaN" : String(Number.parseFloat(String(value)));
    case "%j":
      return JSON.stringify(value) ?? "undefined";
    case "%c":
      return "";
    default:
      return inspect(value);
  }
}

function asText(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  const custom = value.toString !== Object.prototype.toString && value.toString !== Array.prototype.toString;
  return custom && !(value instanceof Error && !Object.hasOwn(value, "toString") && value.stack === undefined)
    ? String(value)
    : inspect(value, { depth: 0 });
}

function asNumber(value: unknown, convert: (value: unknown) => number): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol" || typeof value === "object") return "NaN";
  const number = convert(value);
  return Object.is(number, -0) ? "-0" : String(number);
}

type Callback = (error: unknown, value?: unknown) => void;

/** A function that takes a callback last, as one that gives a promise. */
export function promisify(fn: (...args: never[]) => void): (...args: unknown[]) => Promise<unknown> {
  checkFunction("original", fn);
  return function (this: unknown, ...args: unknown[]) {
    return new Promise((resolve, reject) => {
      const done: Callback = (error, value) => (error ? reject(error) : resolve(value));
      fn.apply(this, [...args, done] as never[]);
    });
  };
}
