/** What the functions of `node:fs` take: paths, flags, modes, options. */
import * as sys from "vz:sys";
import { Buffer } from "../buffer.ts";
import { encodingOf, findEncoding } from "./encodings.ts";
import { invalidType, invalidValue, outOfRange } from "./errors.ts";

export type Path = string | Uint8Array;

export function checkPath(path: unknown, name = "path"): Path {
  const isText = typeof path === "string";
  if (!isText && !(path instanceof Uint8Array)) {
    throw invalidType(name, "of type string or an instance of Buffer or URL", path);
  }
  if (isText ? path.includes("\0") : path.includes(0)) {
    throw invalidValue(name, path, "must be a string, Uint8Array, or URL without null bytes");
  }
  return path;
}

/** A path as a string of the base, in which bytes that are not UTF-8 are kept as lone surrogates. */
export function pathText(path: Path): string {
  return typeof path === "string" ? path : sys.fsDecode(path);
}

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_SYNC } = sys.constants as Record<
  "O_RDONLY" | "O_WRONLY" | "O_RDWR" | "O_CREAT" | "O_EXCL" | "O_TRUNC" | "O_APPEND" | "O_SYNC",
  number
>;
const FLAGS: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  "r+": O_RDWR,
  "rs+": O_RDWR | O_SYNC,
  w: O_TRUNC | O_CREAT | O_WRONLY,
  wx: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  "w+": O_TRUNC | O_CREAT | O_RDWR,
  "wx+": O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  a: O_APPEND | O_CREAT | O_WRONLY,
  ax: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  as: O_APPEND | O_CREAT | O_WRONLY | O_SYNC,
  "a+": O_APPEND | O_CREAT | O_RDWR,
  "ax+": O_APPEND | O_CREAT | O_RDWR | O_EXCL,
  "as+": O_APPEND | O_CREAT | O_RDWR | O_SYNC,
};

export function openFlags(flags: unknown): number {
  if (flags === undefined || flags === null) return O_RDONLY;
  if (typeof flags === "number") return flags;
  const known = typeof flags === "string" && Object.hasOwn(FLAGS, flags) ? FLAGS[flags] : undefined;
  if (known === undefined) throw invalidValue("flags", flags);
  return known;
}

/** A mode as a number or as octal digits. */
export function fileMode(mode: unknown, absent: number): number;
export function fileMode(mode: unknown, absent: undefined): number | undefined;
export function fileMode(mode: unknown, absent: number | undefined): number | undefined {
  if (mode === undefined || mode === null) return absent;
  if (typeof mode === "string" && /^[0-7]+$/.test(mode)) return Number.parseInt(mode, 8);
  if (typeof mode === "string") {
    throw invalidValue("mode", mode, "must be a 32-bit unsigned integer or an octal string");
  }
  if (typeof mode !== "number") throw invalidType("mode", "of type number", mode);
  if (!Number.isInteger(mode)) throw outOfRange("mode", "an integer", mode);
  if (mode < 0 || mode > 0xffff_ffff) throw outOfRange("mode", ">= 0 && <= 4294967295", mode);
  return mode;
}

export function checkFd(fd: unknown): number {
  if (typeof fd !== "number") throw invalidType("fd", "of type number", fd);
  if (!Number.isInteger(fd)) throw outOfRange("fd", "an integer", fd);
  if (fd < 0 || fd > 0x7fff_ffff) throw outOfRange("fd", ">= 0 && <= 2147483647", fd);
  return fd;
}

/** @throws for the name of an encoding that is not known */
export function checkEncoding(encoding: string | null | undefined): void {
  if (!encoding || encoding === "buffer" || findEncoding(encoding) !== undefined) return;
  throw invalidValue("encoding", encoding, "is invalid encoding");
}

/** Options that may be given as the name of an encoding alone. */
export function optionsOf<T extends object>(options: unknown): T & { encoding?: string | null } {
  if (options === undefined || options === null) return {} as T;
  if (typeof options === "string") return { encoding: options } as T & { encoding: string };
  if (typeof options !== "object") throw invalidType("options", "one of type string or object", options);
  return options as T;
}

/** A name as the caller wants it: a string for UTF-8 (with surrogates for what is none), a Buffer for "buffer". */
export function nameAs(name: string, encoding: string | null | undefined): string | Buffer {
  if (encoding === undefined || encoding === null || /^utf-?8$/i.test(encoding)) return name;
  const bytes = Buffer.from(sys.fsEncode(name).buffer);
  return encoding === "buffer" ? bytes : bytes.toString(encodingOf(encoding));
}

/** The bytes behind a string, typed array or DataView. */
export function dataBytes(data: unknown, encoding: string | null | undefined): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, encoding ?? "utf8");
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw invalidType("data", "of type string or an instance of Buffer, TypedArray, or DataView", data);
}
