/** Text in a Buffer: searching and writing it. */
import { decode, type Encoding, encode, encodingOf } from "./encodings.ts";
import { invalidType } from "./errors.ts";

export function searched(value: unknown, encoding: string | undefined): Uint8Array {
  if (typeof value === "string") return encode(value, encodingOf(encoding));
  if (value instanceof Uint8Array) return value;
  throw invalidType("value", "one of type number or string or an instance of Buffer or Uint8Array", value);
}

export function matches(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Writes what fits, but no part of a character. */
export function writeText(
  target: Uint8Array,
  text: string,
  at: number,
  room: number,
  encoding: Encoding,
): number {
  const bytes = encode(text, encoding);
  let count = Math.min(bytes.length, room);
  if (count < bytes.length && encoding === "utf8") {
    while (count > 0 && ((bytes[count] ?? 0) & 0xc0) === 0x80) count--;
  }
  if (encoding === "utf16le") count -= count % 2;
  target.set(count < bytes.length ? bytes.subarray(0, count) : bytes, at);
  return count;
}

/** utf8Slice, hexWrite …: not documented by Node, but used by packages. */
export function encodingMethods(): Record<string, (this: Uint8Array, ...args: never[]) => unknown> {
  const methods: ReturnType<typeof encodingMethods> = {};
  for (const [name, encoding] of [
    ["utf8", "utf8"],
    ["latin1", "latin1"],
    ["ascii", "ascii"],
    ["hex", "hex"],
    ["base64", "base64"],
    ["ucs2", "utf16le"],
  ] as const) {
    methods[`${name}Slice`] = function (start: number = 0, end?: number) {
      return decode(this, encoding, start, Math.min(end ?? this.length, this.length));
    };
    methods[`${name}Write`] = function (text: string, offset: number = 0, length?: number) {
      const room = this.length - offset;
      return writeText(this, text, offset, Math.min(room, length ?? room), encoding);
    };
  }
  return methods;
}
