/**
 * Reads the tar archives of other tools: ustar and PAX (POSIX.1-2017, pax), GNU's long names and base-256 numbers (tar(5)). The
 * archive lies in a file, so that contents are passed over and not read. Nothing is laid out anywhere.
 */
import { readSync } from "node:fs";
import { Status, VzError } from "../../common/errors.ts";
import { shown } from "../../common/image/manifest.ts";
import { formatBytes } from "../../common/table.ts";
import { toFs } from "../names.ts";
import { type PaxRecords, parsePax } from "./layer-pax.ts";

/** Bytes in an open file. */
export interface Stretch {
  readonly fd: number;
  readonly offset: number;
  readonly size: number;
}

export type MemberType = "file" | "link" | "symlink" | "char" | "block" | "directory" | "fifo";

/** One member, its fields within the limits of an image. Names are as the archive has them. */
export interface Member {
  readonly name: string;
  readonly type: MemberType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly linkname: string;
  readonly major: number;
  readonly minor: number;
  /** Of a file. */
  readonly content: Stretch;
  /** Whether it has extended attributes, which images do not carry. */
  readonly hasAttributes: boolean;
}

export const BLOCK = 512;
const WINDOW = 64 * 1024;
/** Long names and PAX records, which are held in memory. */
const MAX_EXTENSION = 1024 * 1024;
const MAX_ID = 0xffff_fffe;

const TYPES: Readonly<Record<string, MemberType>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

/** Bytes of a file through a window, since headers are small and often lie close together. */
class Window {
  readonly #stretch: Stretch;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(stretch: Stretch) {
    this.#stretch = stretch;
  }

  /** @returns fewer bytes than asked for at the end only */
  at(offset: number, length: number): Uint8Array {
    const from = offset - this.#start;
    if (from >= 0 && from + length <= this.#bytes.length) return this.#bytes.subarray(from, from + length);
    const wanted = Math.min(Math.max(length, WINDOW), this.#stretch.size - offset);
    this.#bytes = readStretch({ ...this.#stretch, offset: this.#stretch.offset + offset, size: wanted });
    this.#start = offset;
    return this.#bytes.subarray(0, length);
  }
}

/** All of a stretch that is small; fewer bytes where the file has become shorter. */
export function readStretch({ fd, offset, size }: Stretch): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, size));
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(fd, bytes, done, bytes.length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/**
 * The members of the archive in `stretch`, up to its end mark or its last byte.
 * @param label names the archive in errors
 * @throws VzError 65 for a damaged archive and for what cannot be kept in an image
 */
export function* tarMembers(stretch: Stretch, label: string): Generator<Member> {
  const window = new Window(stretch);
  let last = "its beginning";
  const bad = (why: string) => new VzError(Status.badData, `${label}: ${why}`);
  const extension = (offset: number, size: number) => {
    if (size > MAX_EXTENSION) throw bad(`a name or PAX header of ${formatBytes(size)} after ${last}`);
    return window.at(offset, size);
  };
  let pax: PaxRecords = {};
  let longName: string | undefined;
  let longLink: string | undefined;
  let pending = false;
  for (let at = 0; at < stretch.size; ) {
    const header = window.at(at, BLOCK);
    if (header.length < BLOCK) throw bad(`ends too early, after ${last}`);
    if (header.every((byte) => byte === 0)) break;
    const raw = rawHeader(header);
    if (raw === undefined) throw bad(`${at === 0 ? "not a tar archive" : `is damaged after ${last}`}`);
    const kind = raw.kind;
    const claimed = pax.size ?? raw.size;
    const isExtension = "xgLK".includes(kind);
    const type =
      TYPES[kind] === "file" && (longName ?? pax.path ?? raw.name).endsWith("/") ? "directory" : TYPES[kind];
    const hasData = isExtension || type === "file";
    const size = !hasData ? 0 : isExtension ? raw.size : claimed;
    if (size === undefined) throw bad(`a size that is no number after ${last}`);
    const data = at + BLOCK;
    const left = stretch.size - data;
    if (size > left) {
      const claim = size > stretch.size ? `claims ${formatBytes(size)}, but ` : "";
      throw bad(`${claim}ends too early, after ${last}`);
    }
    at = data + Math.ceil(size / BLOCK) * BLOCK;
    pending = isExtension;
    if (isExtension) {
      const bytes = extension(data, size);
      if (kind === "L") longName = untilNul(bytes);
      else if (kind === "K") longLink = untilNul(bytes);
      else {
        const records = parsePax(bytes, bad);
        if (kind === "x") pax = records;
        else if (records.path ?? records.linkpath ?? records.size ?? records.uid ?? records.gid)
          throw bad("a PAX header that names or measures all files at once");
      }
      continue;
    }
    const name = toFs(pax.path ?? longName ?? raw.name);
    last = shown(name);
    if (pax.isSparse || kind === "S") throw bad(`${last}: a sparse file in GNU tar's form cannot be read`);
    if (type === undefined) throw bad(`${last}: a file of unknown type ${shown(kind)}`);
    const ids = { uid: pax.uid ?? raw.uid, gid: pax.gid ?? raw.gid };
    if (!isWithin(ids.uid, MAX_ID) || !isWithin(ids.gid, MAX_ID)) throw bad(`${last}: owner out of range`);
    if (raw.mode === undefined) throw bad(`${last}: mode out of range`);
    const isDevice = type === "char" || type === "block";
    if (isDevice && !(isWithin(raw.major, 0xfff) && isWithin(raw.minor, 0xfffff)))
      throw bad(`${last}: device number out of range`);
    yield {
      name,
      type,
      mode: raw.mode % 0o10000,
      uid: ids.uid,
      gid: ids.gid,
      linkname: toFs(pax.linkpath ?? longLink ?? raw.linkname),
      major: isDevice ? (raw.major ?? 0) : 0,
      minor: isDevice ? (raw.minor ?? 0) : 0,
      content: { fd: stretch.fd, offset: stretch.offset + data, size },
      hasAttributes: pax.hasAttributes === true,
    };
    pax = {};
    longName = undefined;
    longLink = undefined;
  }
  if (pending) throw bad(`ends too early, after ${last}`);
}

function isWithin(value: number | undefined, max: number): value is number {
  return value !== undefined && value <= max;
}

interface RawHeader {
  readonly kind: string;
  readonly name: string;
  readonly linkname: string;
  readonly size: number | undefined;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly major: number | undefined;
  readonly minor: number | undefined;
}

/** The fields of one block, numbers undefined where they are none; undefined where the checksum is wrong. */
function rawHeader(block: Uint8Array): RawHeader | undefined {
  const sum = numberIn(block, 148, 8);
  // Some old tars summed up signed characters.
  if (sum !== checksum(block, 0) && sum !== checksum(block, 256)) return undefined;
  const text = (offset: number, length: number) => untilNul(block.subarray(offset, offset + length));
  // The prefix is POSIX's; in GNU's own format other things stand in its place.
  const isPosix = text(257, 6) === "ustar" && block[263] === 0x30;
  const prefix = isPosix ? text(345, 155) : "";
  return {
    kind: String.fromCharCode(block[156] ?? 0),
    name: prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    linkname: text(157, 100),
    size: numberIn(block, 124, 12),
    mode: numberIn(block, 100, 8),
    uid: numberIn(block, 108, 8),
    gid: numberIn(block, 116, 8),
    major: numberIn(block, 329, 8),
    minor: numberIn(block, 337, 8),
  };
}

/** @param wrap 256 to take bytes for signed characters */
function checksum(block: Uint8Array, wrap: number): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) {
    const byte = block[i] ?? 0;
    // The field itself counts as blanks.
    if (i < 148 || i >= 156) sum += byte > 127 ? byte - wrap : byte;
  }
  return sum;
}

/** Octal digits between blanks and NULs, or GNU's base-256 with the highest bit set; undefined for others and negative ones. */
function numberIn(block: Uint8Array, offset: number, length: number): number | undefined {
  const field = block.subarray(offset, offset + length);
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) {
    if (first !== 0x80) return undefined;
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = untilNul(field).trim();
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** A byte string: one character a byte. */
function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.buffer, bytes.byteOffset, end < 0 ? bytes.length : end).toString("latin1");
}
