/**
 * File names inside the builder are "byte strings": one character a byte. So they sort bytewise with `<`, and a name
 * that is not UTF-8 stays what it is. They become the base's surrogateescape strings only where a file is touched.
 */

import { printable } from "./printable.ts";

/** The string under which the file functions know a byte string. */
export function toFs(name: string): string {
  return isAscii(name) ? name : decode(name);
}

/** Characters of a name that are enough to know it by. */
const LONGEST_SHOWN = 200;

/** A byte string made safe for a terminal: "?" for control characters and bytes that are not UTF-8, and cut where it is long. */
export function shown(name: string): string {
  const text = printable(toFs(name)).replace(/\p{Cs}/gu, "?");
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** The first of `names`, made safe for a terminal, and how many more there are. */
export function firstShown(names: readonly string[]): string {
  return `${shown(names[0] ?? "")}${names.length > 1 ? ` and ${names.length - 1} more` : ""}`;
}

/** The byte string of a name as the file functions, arguments and the environment give it. */
export function fromFs(name: string): string {
  if (isAscii(name)) return name;
  let bytes = "";
  for (const char of name) {
    const code = char.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) bytes += String.fromCharCode(code - 0xdc00);
    else bytes += encode(code);
  }
  return bytes;
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

function encode(code: number): string {
  const tail = (shift: number) => 0x80 | ((code >> shift) & 0x3f);
  if (code < 0x80) return String.fromCharCode(code);
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), tail(0));
  if (code < 0x10000) return String.fromCharCode(0xe0 | (code >> 12), tail(6), tail(0));
  return String.fromCharCode(0xf0 | (code >> 18), tail(12), tail(6), tail(0));
}

function decode(bytes: string): string {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const code = sequence(bytes, i);
    if (code === undefined) {
      const byte = bytes.charCodeAt(i);
      text += String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
      i++;
    } else {
      text += String.fromCodePoint(code);
      i += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    }
  }
  return text;
}

/** The character whose shortest UTF-8 form starts at `at`, or undefined where none does. */
function sequence(bytes: string, at: number): number | undefined {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return first;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return undefined;
  let code = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = bytes.charCodeAt(at + i);
    if (Number.isNaN(next) || (next & 0xc0) !== 0x80) return undefined;
    code = (code << 6) | (next & 0x3f);
  }
  const smallest = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000;
  if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return code;
}
