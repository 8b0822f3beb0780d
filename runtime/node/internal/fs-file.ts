/** `node:fs`: descriptors and the contents of files. */
import * as sys from "vz:sys";
import { Buffer } from "../buffer.ts";
import { encodingOf } from "./encodings.ts";
import { checkOptions, codedError, invalidType, isSystemFailure, outOfRange } from "./errors.ts";
import {
  checkEncoding,
  checkFd,
  checkPath,
  dataBytes,
  fileMode,
  openFlags,
  optionsOf,
  type Path,
  pathText,
} from "./fs-args.ts";

type Position = number | bigint | null | undefined;

export function openSync(path: Path, flags: string | number | null = "r", mode?: number | string): number {
  return sys.open(checkPath(path), openFlags(flags), fileMode(mode, 0o666));
}

export function closeSync(fd: number): void {
  sys.close(checkFd(fd));
}

function viewOf(buffer: unknown, expected = "an instance of Buffer, TypedArray, or DataView"): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer;
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  throw invalidType("buffer", expected, buffer);
}

/** Where in the file; undefined for "where the descriptor stands". */
function placeOf(position: Position): number | undefined {
  if (position === null || position === undefined || position === -1 || position === -1n) return undefined;
  const number = Number(position);
  if (typeof position !== "number" && typeof position !== "bigint") {
    throw invalidType("position", "one of type number or bigint or null", position);
  }
  if (!Number.isInteger(number)) throw outOfRange("position", "an integer", position);
  if (number < 0 || number > Number.MAX_SAFE_INTEGER) {
    throw outOfRange("position", `>= -1 && <= ${Number.MAX_SAFE_INTEGER}`, position);
  }
  return number;
}

function checkWindow(offset: number, length: number, size: number): void {
  if (offset < 0) throw outOfRange("offset", ">= 0", offset);
  if (length < 0) throw outOfRange("length", ">= 0", length);
  if (length > size - offset) throw outOfRange("length", `<= ${size - offset}`, length);
}

interface Window {
  offset?: number | null;
  length?: number;
  position?: Position;
}

/** readSync(fd, buffer[, offset[, length[, position]]]) or readSync(fd, buffer, {offset, length, position}) */
export function readSync(
  fd: number,
  buffer: ArrayBufferView,
  offset?: number | Window | null,
  length?: number,
  position?: Position,
): number {
  const bytes = viewOf(buffer);
  if (typeof offset === "object" && offset !== null) {
    checkOptions("fs.readSync", offset, ["offset", "length", "position"]);
    return readSync(fd, bytes, offset.offset, offset.length, offset.position);
  }
  const start = offset ?? 0;
  const count = length ?? bytes.length - start;
  if (count === 0) return 0;
  if (bytes.length === 0) {
    const message = "The argument 'buffer' is empty and cannot be written. Received an empty buffer";
    throw codedError(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  checkWindow(start, count, bytes.length);
  return sys.read(checkFd(fd), bytes, start, count, placeOf(position));
}

/** writeSync(fd, bytes[, offset[, length[, position]]]) or writeSync(fd, text[, position[, encoding]]) */
export function writeSync(
  fd: number,
  data: string | ArrayBufferView,
  offset?: number | Window | null,
  length?: number | string | null,
  position?: Position,
): number {
  if (typeof data === "string") {
    const encoding = typeof length === "string" ? length : undefined;
    const bytes = Buffer.from(data, encodingOf(encoding));
    const place = typeof offset === "object" && offset !== null ? offset.position : offset;
    return sys.write(checkFd(fd), bytes, 0, bytes.length, placeOf(place));
  }
  const bytes = viewOf(data, "of type string or an instance of Buffer, TypedArray, or DataView");
  if (typeof offset === "object" && offset !== null) {
    checkOptions("fs.writeSync", offset, ["offset", "length", "position"]);
    return writeSync(fd, bytes, offset.offset, offset.length, offset.position);
  }
  const start = offset ?? 0;
  const count = typeof length === "number" ? length : bytes.length - start;
  if (start > bytes.length) throw outOfRange("offset", `<= ${bytes.length}`, start);
  checkWindow(start, count, bytes.length);
  return sys.write(checkFd(fd), bytes, start, count, placeOf(position));
}

const BLOCK = 65_536;

/** Reads to the end; what fstat says of the size is a hint only (in /proc it is 0, and a file may grow). */
function readAll(fd: number): Buffer {
  const { mode, size } = sys.fstat(fd);
  const regular = (mode & sys.constants.S_IFMT) === sys.constants.S_IFREG;
  if (regular && size > 0x7fff_ffff) {
    const message = `File size (${size}) is greater than 2 GiB`;
    throw codedError(RangeError, "ERR_FS_FILE_TOO_LARGE", message);
  }
  let bytes = Buffer.allocUnsafe(regular && size > 0 ? Number(size) + 1 : BLOCK);
  let used = 0;
  for (;;) {
    const count = sys.read(fd, bytes, used, bytes.length - used);
    if (count === 0) break;
    used += count;
    if (used < bytes.length) continue;
    const larger = Buffer.allocUnsafe(bytes.length * 2);
    larger.set(bytes);
    bytes = larger;
  }
  return bytes.subarray(0, used) as Buffer;
}

export function readFileSync(path: Path | number, options?: unknown): string | Buffer {
  const { encoding, flag } = optionsOf<{ flag?: string }>(options);
  if (typeof options === "object") checkOptions("fs.readFileSync", options, ["encoding", "flag"]);
  checkEncoding(encoding);
  const fd = typeof path === "number" ? checkFd(path) : openSync(path, flag ?? "r");
  try {
    const bytes = readAll(fd);
    return encoding === undefined || encoding === null || encoding === "buffer"
      ? bytes
      : bytes.toString(encoding);
  } finally {
    if (typeof path !== "number") sys.close(fd);
  }
}

interface WriteFileOptions {
  mode?: number | string;
  flag?: string | number;
  flush?: boolean;
}

export function writeFileSync(path: Path | number, data: string | ArrayBufferView, options?: unknown): void {
  const { encoding, mode, flag, flush } = optionsOf<WriteFileOptions>(options);
  if (typeof options === "object") {
    checkOptions("fs.writeFileSync", options, ["encoding", "mode", "flag", "flush"]);
  }
  checkEncoding(encoding);
  const bytes = dataBytes(data, encoding);
  const fd = typeof path === "number" ? checkFd(path) : openSync(path, flag ?? "w", mode);
  try {
    sys.writeAll(fd, bytes);
    if (flush === true) sys.fsync(fd);
  } finally {
    if (typeof path !== "number") sys.close(fd);
  }
}

export function appendFileSync(path: Path | number, data: string | ArrayBufferView, options?: unknown): void {
  writeFileSync(path, data, { flag: "a", ...optionsOf<WriteFileOptions>(options) });
}

export function fsyncSync(fd: number): void {
  sys.fsync(checkFd(fd));
}

export function ftruncateSync(fd: number, length = 0): void {
  sys.ftruncate(checkFd(fd), length);
}

/** As Node: opens the file and cuts it, so that a failure is one of open(2). */
export function truncateSync(path: Path, length = 0): void {
  const fd = openSync(path, "r+");
  try {
    sys.ftruncate(fd, length);
  } finally {
    sys.close(fd);
  }
}

const COPYFILE_EXCL = 1;

/** Copies contents and mode. @param mode COPYFILE_EXCL, or the flags of a clone, which a copy satisfies as well */
export function copyFileSync(from: Path, to: Path, mode = 0): void {
  checkPath(from, "src");
  checkPath(to, "dest");
  const names = { path: pathText(from), dest: pathText(to) };
  try {
    copyContents(from, to, mode);
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    const reason = error.message.split(",")[0];
    error.message = `${reason}, copyfile '${names.path}' -> '${names.dest}'`;
    throw Object.assign(error, { syscall: "copyfile", ...names });
  }
}

function copyContents(from: Path, to: Path, mode: number): void {
  const source = openSync(from, "r");
  try {
    const before = sys.fstat(source);
    const flags = openFlags((mode & COPYFILE_EXCL) !== 0 ? "wx" : "w") & ~sys.constants.O_TRUNC;
    const target = sys.open(to, flags, before.mode & 0o777);
    try {
      const after = sys.fstat(target);
      if (before.dev === after.dev && before.ino === after.ino) return;
      sys.ftruncate(target, 0);
      sys.fchmod(target, before.mode & 0o777);
      sys.copy(source, target, -1);
    } finally {
      sys.close(target);
    }
  } finally {
    sys.close(source);
  }
}
