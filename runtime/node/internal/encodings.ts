/** The encodings of Buffer: text to bytes and back. UTF-8 and Latin-1 are the base's, the others are here. */
import * as sys from "vz:sys";
import { codedError } from "./errors.ts";

export type Encoding = "utf8" | "latin1" | "ascii" | "hex" | "base64" | "base64url" | "utf16le";

const NAMES: Readonly<Record<string, Encoding>> = {
  utf8: "utf8",
  "utf-8": "utf8",
  latin1: "latin1",
  binary: "latin1",
  ascii: "ascii",
  hex: "hex",
  base64: "base64",
  base64url: "base64url",
  utf16le: "utf16le",
  "utf-16le": "utf16le",
  ucs2: "utf16le",
  "ucs-2": "utf16le",
};

export function findEncoding(name: unknown): Encoding | undefined {
  if (typeof name !== "string") return undefined;
  const lower = name.toLowerCase();
  return Object.hasOwn(NAMES, lower) ? NAMES[lower] : undefined;
}

/** UTF-8 for no name. @throws TypeError for a name that is not known */
export function encodingOf(name: unknown): Encoding {
  if (name === undefined || name === null || name === "") return "utf8";
  const found = findEncoding(name);
  if (found === undefined)
    throw codedError(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${String(name)}`);
  return found;
}

export function encode(text: string, encoding: Encoding): Uint8Array {
  switch (encoding) {
    case "utf8":
      return sys.utf8Encode(text);
    case "latin1":
    case "ascii":
      return sys.latin1Encode(text);
    case "hex":
      return fromHex(text);
    case "utf16le":
      return fromUnits(text);
    default:
      return fromBase64(text);
  }
}

export function decode(bytes: Uint8Array, encoding: Encoding, start: number, end: number): string {
  switch (encoding) {
    case "utf8":
      return sys.utf8Decode(bytes, start, end);
    case "latin1":
      return sys.latin1Decode(bytes, start, end);
    case "ascii":
      return sys.latin1Decode(bytes.slice(start, end).map((byte) => byte & 0x7f));
    case "hex":
      return toHex(bytes, start, end);
    case "utf16le":
      return toUnits(bytes, start, end);
    default:
      return toBase64(bytes, start, end, encoding);
  }
}

export function encodedLength(text: string, encoding: Encoding): number {
  switch (encoding) {
    case "latin1":
    case "ascii":
      return text.length;
    case "utf16le":
      return text.length * 2;
    case "hex":
      return text.length >>> 1;
    case "utf8":
      return sys.utf8Encode(text).length;
    default:
      return Math.floor((text.replace(/={1,2}$/, "").length * 3) / 4);
  }
}

const HEX = "0123456789abcdef";

function toHex(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  }
  return text;
}

/** Reads up to the first pair that is no hexadecimal number, as Node does. */
function fromHex(text: string): Uint8Array {
  const digits = /^(?:[0-9a-f]{2})*/i.exec(text)?.[0] ?? "";
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

function fromUnits(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[i * 2] = unit;
    bytes[i * 2 + 1] = unit >> 8;
  }
  return bytes;
}

function toUnits(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i + 1 < end; i += 2) {
    text += String.fromCharCode((bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8));
  }
  return text;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function toBase64(bytes: Uint8Array, start: number, end: number, encoding: "base64" | "base64url"): string {
  const alphabet = BASE64 + (encoding === "base64" ? "+/" : "-_");
  let text = "";
  for (let i = start; i < end; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((i + 1 < end ? (bytes[i + 1] ?? 0) : 0) << 8);
    const all = group | (i + 2 < end ? (bytes[i + 2] ?? 0) : 0);
    text += alphabet.charAt(all >> 18) + alphabet.charAt((all >> 12) & 63);
    if (i + 1 < end) text += alphabet.charAt((all >> 6) & 63);
    if (i + 2 < end) text += alphabet.charAt(all & 63);
  }
  return encoding === "base64" ? text.padEnd(Math.ceil(text.length / 4) * 4, "=") : text;
}

/** Both alphabets at once; what belongs to neither is passed over, and "=" ends the text. */
function fromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4));
  let used = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === "=") break;
    const value = c === "-" ? 62 : c === "_" ? 63 : c === "+" ? 62 : c === "/" ? 63 : BASE64.indexOf(c);
    if (value < 0) continue;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[used++] = bits >> held;
    }
  }
  return bytes.slice(0, used);
}
