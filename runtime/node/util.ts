/** `node:util`: what the libraries need, and an `inspect` good enough for messages. */

export function inherits(
  child: { prototype: object; super_?: unknown },
  parent: { prototype: object },
): void {
  child.super_ = parent;
  Object.setPrototypeOf(child.prototype, parent.prototype);
}

export const types = {
  isDate: (value: unknown): boolean => value instanceof Date,
  isRegExp: (value: unknown): boolean => value instanceof RegExp,
  isUint8Array: (value: unknown): boolean => value instanceof Uint8Array,
  isNativeError: (value: unknown): boolean => value instanceof Error,
};

/** One line; strings in quotes, errors with their message. */
export function inspect(value: unknown): string {
  if (typeof value === "string") return `'${value}'`;
  if (value instanceof Error) return value.stack ?? value.message;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function: ${value.name || "(anonymous)"}]`;
  return typeof value === "object" && value !== null
    ? (JSON.stringify(value) ?? String(value))
    : String(value);
}

/** %s %d %i %f %j %o %O %%; further values behind, parted by blanks. */
export function format(first: unknown, ...rest: unknown[]): string {
  const show = (value: unknown) => (typeof value === "string" ? value : inspect(value));
  if (typeof first !== "string") return [first, ...rest].map(show).join(" ");
  const left = [...rest];
  const text = first.replace(/%[sdifjoO%]/g, (mark) => {
    if (mark === "%%") return "%";
    if (left.length === 0) return mark;
    const value = left.shift();
    if (mark === "%s") return typeof value === "string" ? value : inspect(value);
    if (mark === "%d" || mark === "%f") return String(Number(value));
    if (mark === "%i") return String(Math.trunc(Number(value)));
    return mark === "%j" ? JSON.stringify(value) : inspect(value);
  });
  return [text, ...left.map(show)].join(" ");
}

export function promisify<A extends unknown[], R>(
  fn: (...args: [...A, (error: Error | null, value: R) => void]) => void,
): (...args: A) => Promise<R> {
  return (...args) =>
    new Promise((resolve, reject) => {
      fn(...args, (error, value) => (error ? reject(error) : resolve(value)));
    });
}

export { TextDecoder, TextEncoder } from "./lib/text.ts";

import { TextDecoder, TextEncoder } from "./lib/text.ts";
export default { inherits, types, inspect, format, promisify, TextDecoder, TextEncoder };
