/** Members of a tar archive as POSIX has it (ustar, and PAX where a field is too small), the same bytes for the same member. */
import { nameBytes } from "../../common/image/file-names.ts";
import type { Entry } from "../../common/image/manifest.ts";
import { BLOCK } from "./layer-header.ts";

const FLAGS = { file: "0", symlink: "2", char: "3", block: "4", directory: "5", fifo: "6" } as const;

/** The two zero blocks that end an archive. */
export const END = new Uint8Array(2 * BLOCK);

/** The latest time, in seconds since the epoch, that every writer of archives can put into a header. */
export const LATEST = 2 ** 31 - 1;

/** The time in headers for an image of this date: seconds since the epoch, within what headers hold. */
export function headerTime(created: string): number {
  const seconds = Math.floor(Date.parse(created) / 1000);
  return Number.isNaN(seconds) ? 0 : Math.min(Math.max(0, seconds), LATEST);
}

/** Zeros up to the next block. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

/** @returns the blocks before the content of a file that is part of the format, such as index.json */
export function fileHeader(name: string, size: number, mtime: number): Uint8Array {
  return memberHeader(
    { path: name, type: "file", mode: 0o644, uid: 0, gid: 0, size, sha256: "" },
    name,
    mtime,
  );
}

/**
 * @param name in the archive; directories end in a slash
 * @param mtime seconds since the epoch
 * @returns the blocks before the content: the header, and one with PAX records before it where it needs that
 */
export function memberHeader(entry: Entry, name: string, mtime: number): Uint8Array {
  const { mode, uid, gid } = entry;
  const target = entry.type === "symlink" ? nameBytes(entry.target) : [];
  const path = nameBytes(name);
  const size = entry.type === "file" ? entry.size : 0;
  const isDevice = entry.type === "char" || entry.type === "block";
  const pax = Buffer.concat([
    paxRecord("path", path.length > 100 ? path : []),
    paxRecord("linkpath", target.length > 100 ? target : []),
    paxRecord("uid", uid > 0o7777777 ? ascii(uid) : []),
    paxRecord("gid", gid > 0o7777777 ? ascii(gid) : []),
    paxRecord("size", size > 0o77777777777 ? ascii(size) : []),
  ]);
  const header = block({
    path,
    target,
    numbers: [mode, uid, gid, size, mtime],
    flag: FLAGS[entry.type],
    device: isDevice ? [entry.major, entry.minor] : [0, 0],
  });
  if (pax.length === 0) return header;
  const extension = block({
    path: nameBytes("PaxHeaders/0"),
    target: [],
    numbers: [0o644, 0, 0, pax.length, mtime],
    flag: "x",
    device: [0, 0],
  });
  return Buffer.concat([extension, pax, padding(pax.length), header]);
}

interface Fields {
  readonly path: readonly number[];
  readonly target: readonly number[];
  /** Mode, uid, gid, size, time. */
  readonly numbers: readonly [number, number, number, number, number];
  readonly flag: string;
  readonly device: readonly [number, number];
}

function block({ path, target, numbers, flag, device }: Fields): Uint8Array {
  const bytes = Buffer.alloc(BLOCK);
  bytes.set(path.slice(0, 100), 0);
  const [mode, uid, gid, size, mtime] = numbers;
  octal(bytes, 100, 8, mode);
  octal(bytes, 108, 8, uid);
  octal(bytes, 116, 8, gid);
  octal(bytes, 124, 12, size);
  octal(bytes, 136, 12, mtime);
  bytes.write(flag, 156, "latin1");
  bytes.set(target.slice(0, 100), 157);
  bytes.write("ustar\x0000", 257, "latin1");
  octal(bytes, 329, 8, device[0]);
  octal(bytes, 337, 8, device[1]);
  bytes.fill(0x20, 148, 156);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

/** Digits and a NUL; 0 for what does not fit, whose number is then in a PAX record. */
function octal(bytes: Buffer, offset: number, length: number, value: number): void {
  const digits = value.toString(8).padStart(length - 1, "0");
  bytes.write(digits.length < length ? digits : "0".repeat(length - 1), offset, "latin1");
}

function ascii(value: number): number[] {
  return nameBytes(String(value));
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts its own digits; nothing for an empty value. */
function paxRecord(key: string, value: readonly number[]): Uint8Array {
  if (value.length === 0) return new Uint8Array(0);
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`), Buffer.from(value), Buffer.from("\n")]);
}
