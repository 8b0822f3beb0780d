/**
 * Reads the tar archives of other tools: ustar and PAX (POSIX.1-2017, pax), GNU's long names and base-256 numbers (tar(5)). The
 * archive lies in a file, so contents are skipped, not read. Nothing is laid out anywhere.
 */
import { readSync } from "node:fs";
import { toFs } from "../../common/byte-strings.ts";
import { formatBytes } from "../../common/command/table.ts";
import { Status, VzError } from "../../common/errors.ts";
import { shown } from "../../common/image/manifest.ts";
import { BLOCK, type RawHeader, rawHeader, untilNul } from "./layer-header.ts";
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
  let before: Extensions | undefined;
  for (let at = 0; at < stretch.size; ) {
    const header = window.at(at, BLOCK);
    if (header.length < BLOCK) throw bad(`ends too early, after ${last}`);
    if (header.every((byte) => byte === 0)) break;
    const raw = rawHeader(header);
    if (raw === undefined) throw bad(at === 0 ? "not a tar archive" : `is damaged after ${last}`);
    const size = sizeOf(raw, before);
    if (size === undefined) throw bad(`a size that is no number after ${last}`);
    const data = at + BLOCK;
    if (size > stretch.size - data) {
      const claim = size > stretch.size ? `claims ${formatBytes(size)}, but ` : "";
      throw bad(`${claim}ends too early, after ${last}`);
    }
    at = data + Math.ceil(size / BLOCK) * BLOCK;
    if (EXTENSIONS.includes(raw.kind)) {
      if (size > MAX_EXTENSION) throw bad(`a name or PAX header of ${formatBytes(size)} after ${last}`);
      before = extended(before, raw.kind, window.at(data, size), bad);
      continue;
    }
    const content = { fd: stretch.fd, offset: stretch.offset + data, size };
    const member = memberOf(raw, before, content, bad);
    last = shown(member.name);
    before = undefined;
    yield member;
  }
  if (before !== undefined) throw bad(`ends too early, after ${last}`);
}

/** PAX records for the next member and for all, GNU's long name and long link. */
const EXTENSIONS = ["x", "g", "L", "K"];

/** What the extension headers before a member say of it. */
interface Extensions extends PaxRecords {
  longName?: string;
  longLink?: string;
}

function extended(
  before: Extensions | undefined,
  kind: string,
  bytes: Uint8Array,
  bad: (why: string) => Error,
): Extensions {
  if (kind === "L") return { ...before, longName: untilNul(bytes) };
  if (kind === "K") return { ...before, longLink: untilNul(bytes) };
  const records = parsePax(bytes, bad);
  if (kind === "x") return { ...before, ...records };
  if (Object.keys(records).length > 0) throw bad("a PAX header that names or measures all files at once");
  return { ...before };
}

/** Only files and extensions have contents, whatever a header says of others. */
function sizeOf(raw: RawHeader, before: Extensions = {}): number | undefined {
  if (EXTENSIONS.includes(raw.kind)) return raw.size;
  return typeOf(raw, before) === "file" ? (before.size ?? raw.size) : 0;
}

/** Before POSIX a directory was a file whose name ends in a slash. */
function typeOf(raw: RawHeader, { path, longName }: Extensions): MemberType | undefined {
  const type = TYPES[raw.kind];
  return type === "file" && (path ?? longName ?? raw.name).endsWith("/") ? "directory" : type;
}

function memberOf(
  raw: RawHeader,
  before: Extensions = {},
  content: Stretch,
  bad: (why: string) => Error,
): Member {
  const name = toFs(before.path ?? before.longName ?? raw.name);
  const type = typeOf(raw, before);
  const fail = (why: string) => bad(`${shown(name)}: ${why}`);
  if (before.isSparse || raw.kind === "S") throw fail("a sparse file in GNU tar's form cannot be read");
  if (type === undefined) throw fail(`a file of unknown type ${shown(raw.kind)}`);
  const uid = before.uid ?? raw.uid;
  const gid = before.gid ?? raw.gid;
  if (!isWithin(uid, MAX_ID) || !isWithin(gid, MAX_ID)) throw fail("owner out of range");
  if (raw.mode === undefined) throw fail("mode out of range");
  const [major, minor] = type === "char" || type === "block" ? [raw.major, raw.minor] : [0, 0];
  if (!isWithin(major, 0xfff) || !isWithin(minor, 0xfffff)) throw fail("device number out of range");
  return {
    name,
    type,
    mode: raw.mode % 0o10000,
    uid,
    gid,
    linkname: toFs(before.linkpath ?? before.longLink ?? raw.linkname),
    major,
    minor,
    content,
    hasAttributes: before.hasAttributes === true,
  };
}

function isWithin(value: number | undefined, max: number): value is number {
  return value !== undefined && value <= max;
}
