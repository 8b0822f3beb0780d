/** `node:fs`, the synchronous part that vz uses. Options that are not taken throw. */
import * as sys from "vz:sys";
import { Buffer } from "./buffer.ts";
import { codedError, unsupported } from "./lib/errors.ts";
import { BigIntStats, Dirent, Stats } from "./lib/stats.ts";

export { createReadStream, createWriteStream } from "./lib/file-streams.ts";
export { BigIntStats, Dirent, Stats };

type Path = string | Uint8Array;
type Encoding = "utf8" | "utf-8" | "latin1" | "binary" | "hex" | "base64" | "ascii" | "buffer";

export const constants = {
  F_OK: 0,
  X_OK: 1,
  W_OK: 2,
  R_OK: 4,
  COPYFILE_EXCL: 1,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_DSYNC: 0o10000,
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
  O_SYNC: 0o4010000,
  S_IFMT: 0o170000,
  S_IFREG: 0o100000,
  S_IFDIR: 0o040000,
  S_IFCHR: 0o020000,
  S_IFBLK: 0o060000,
  S_IFIFO: 0o010000,
  S_IFLNK: 0o120000,
  S_IFSOCK: 0o140000,
  S_IRWXU: 0o700,
  S_IRUSR: 0o400,
  S_IWUSR: 0o200,
  S_IXUSR: 0o100,
  S_IRWXG: 0o070,
  S_IRGRP: 0o040,
  S_IWGRP: 0o020,
  S_IXGRP: 0o010,
  S_IRWXO: 0o007,
  S_IROTH: 0o004,
  S_IWOTH: 0o002,
  S_IXOTH: 0o001,
} as const;

const FLAGS: Readonly<Record<string, number>> = {
  r: 0,
  rs: 0o4010000,
  "r+": 2,
  "rs+": 0o4010002,
  w: 0o1101,
  wx: 0o1301,
  "w+": 0o1102,
  "wx+": 0o1302,
  a: 0o2101,
  ax: 0o2301,
  "a+": 0o2102,
  "ax+": 0o2302,
};

function flagBits(flags: string | number): number {
  if (typeof flags === "number") return flags;
  const bits = FLAGS[flags];
  if (bits === undefined)
    throw codedError(
      new TypeError(`The argument 'flags' is invalid. Received '${flags}'`),
      "ERR_INVALID_ARG_VALUE",
    );
  return bits;
}

function encodingOf(options: { encoding?: Encoding | null } | Encoding | null | undefined): Encoding | null {
  return typeof options === "string" ? options : (options?.encoding ?? null);
}

export function openSync(path: Path, flags: string | number = "r", mode = 0o666): number {
  return sys.open(path, flagBits(flags), mode);
}

export function closeSync(fd: number): void {
  sys.close(fd);
}

interface ReadOptions {
  offset?: number;
  length?: number;
  position?: number | null;
}

export function readSync(
  fd: number,
  buffer: Uint8Array,
  offset: number | ReadOptions = 0,
  length?: number,
  position?: number | null,
): number {
  const at = typeof offset === "number" ? { offset, length, position } : offset;
  const start = at.offset ?? 0;
  const place = at.position === -1 ? null : at.position;
  return sys.read(fd, buffer, start, at.length ?? buffer.length - start, place);
}

export function writeSync(
  fd: number,
  data: string | Uint8Array,
  offset?: number | null,
  length?: number | string | null,
  position?: number | null,
): number {
  if (typeof data === "string") {
    const bytes = Buffer.from(data, (length ?? "utf8") as "utf8");
    return sys.write(fd, bytes, 0, bytes.length, offset ?? null);
  }
  const start = offset ?? 0;
  return sys.write(
    fd,
    data,
    start,
    typeof length === "number" ? length : data.length - start,
    position ?? null,
  );
}

function withFile<T>(file: Path | number, flags: string | number, mode: number, fn: (fd: number) => T): T {
  if (typeof file === "number") return fn(file);
  const fd = openSync(file, flags, mode);
  try {
    return fn(fd);
  } finally {
    sys.close(fd);
  }
}

/** Reads to the end; files of /proc say size 0 and still have content. */
function readAll(fd: number): Buffer {
  const { size } = sys.fstat(fd);
  const chunks: Uint8Array[] = [];
  let chunk = new Uint8Array(Math.max(Number(size) + 1, 8192));
  let used = 0;
  for (;;) {
    const n = sys.read(fd, chunk, used, chunk.length - used);
    if (n === 0) break;
    used += n;
    if (used < chunk.length) continue;
    chunks.push(chunk);
    chunk = new Uint8Array(65_536);
    used = 0;
  }
  const rest = chunk.subarray(0, used);
  return chunks.length === 0
    ? Buffer.from(rest.buffer, rest.byteOffset, rest.length)
    : Buffer.concat([...chunks, rest]);
}

type ReadFileOptions = { encoding?: Encoding | null; flag?: string } | Encoding | null;

export function readFileSync(file: Path | number, options?: ReadFileOptions) {
  const encoding = encodingOf(options);
  const flag = typeof options === "object" ? (options?.flag ?? "r") : "r";
  return withFile(file, flag, 0, (fd) => {
    if (typeof file === "string" && (sys.fstat(fd).mode & constants.S_IFMT) === constants.S_IFDIR) {
      throw Object.assign(new Error("EISDIR: illegal operation on a directory, read"), {
        errno: -21,
        code: "EISDIR",
        syscall: "read",
      });
    }
    const bytes = readAll(fd);
    return encoding === null || encoding === "buffer" ? bytes : bytes.toString(encoding);
  });
}

interface WriteFileOptions {
  encoding?: Encoding | null;
  mode?: number;
  flag?: string;
  flush?: boolean;
}

export function writeFileSync(
  file: Path | number,
  data: string | Uint8Array,
  options?: WriteFileOptions | Encoding | null,
): void {
  const { mode = 0o666, flag = "w", flush = false } = typeof options === "object" ? (options ?? {}) : {};
  const bytes =
    typeof data === "string" ? Buffer.from(data, (encodingOf(options) ?? "utf8") as "utf8") : data;
  withFile(file, flag, mode, (fd) => {
    sys.writeAll(fd, bytes);
    if (flush) sys.fsync(fd);
  });
}

export function appendFileSync(
  file: Path | number,
  data: string | Uint8Array,
  options?: WriteFileOptions,
): void {
  writeFileSync(file, data, { ...options, flag: "a" });
}

interface StatOptions {
  bigint?: boolean;
  throwIfNoEntry?: boolean;
}

function statBy(call: (path: Path) => sys.Stat, path: Path, options: StatOptions = {}) {
  try {
    const raw = call(path);
    return options.bigint === true ? new BigIntStats(raw) : new Stats(raw);
  } catch (error) {
    const { code } = error as { code?: string };
    if (options.throwIfNoEntry === false && (code === "ENOENT" || code === "ENOTDIR")) return undefined;
    throw error;
  }
}

export function statSync(path: Path, options?: StatOptions) {
  return statBy(sys.stat, path, options);
}

export function lstatSync(path: Path, options?: StatOptions) {
  return statBy(sys.lstat, path, options);
}

export function fstatSync(fd: number, options?: { bigint?: boolean }) {
  const raw = sys.fstat(fd);
  return options?.bigint === true ? new BigIntStats(raw) : new Stats(raw);
}

export function existsSync(path: Path): boolean {
  try {
    sys.access(path, constants.F_OK);
    return true;
  } catch {
    return false;
  }
}

export function accessSync(path: Path, mode: number = constants.F_OK): void {
  sys.access(path, mode);
}

type ReaddirOptions =
  | { encoding?: Encoding | null; withFileTypes?: boolean; recursive?: boolean }
  | Encoding
  | null;

/* sorted, though Node leaves the order open: what is built from it does not hang on the file system's whim */
export function readdirSync(path: Path, options?: ReaddirOptions) {
  const given = typeof options === "object" && options !== null ? options : {};
  if (given.recursive === true) throw unsupported("readdir with recursive");
  const entries = sys.readdir(path).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (given.withFileTypes === true) {
    const parent = typeof path === "string" ? path : sys.fsDecode(path);
    return entries.map((entry) => new Dirent(entry.name, parent, entry.type));
  }
  if (encodingOf(options) === "buffer") return entries.map((entry) => bufferOf(sys.fsEncode(entry.name)));
  return entries.map((entry) => entry.name);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
}

export function readlinkSync(path: Path, options?: { encoding?: Encoding | null } | Encoding | null) {
  const target = sys.readlink(path);
  return encodingOf(options) === "buffer" ? bufferOf(sys.fsEncode(target)) : target;
}

export function realpathSync(path: Path): string {
  return sys.realpath(path);
}

interface MkdirOptions {
  recursive?: boolean;
  mode?: number;
}

export function mkdirSync(path: Path, options?: MkdirOptions | number): string | undefined {
  const { recursive = false, mode = 0o777 } =
    typeof options === "number" ? { mode: options } : (options ?? {});
  if (!recursive) {
    sys.mkdir(path, mode);
    return undefined;
  }
  return mkdirs(typeof path === "string" ? path : sys.fsDecode(path), mode);
}

/**
 * Makes missing parents first; gives the first directory that was made. Below /proc, say, ENOENT stays when the parents are
 * there: `again` ends it.
 */
function mkdirs(path: string, mode: number, again = false): string | undefined {
  try {
    sys.mkdir(path, mode);
    return path;
  } catch (error) {
    const { code } = error as { code?: string };
    const parent = path.replace(/\/+$/, "").replace(/\/*[^/]*$/, "") || (path.startsWith("/") ? "/" : ".");
    if (code === "ENOENT" && parent !== path && !again) {
      const first = mkdirs(parent, mode);
      mkdirs(path, mode, true);
      return first ?? path;
    }
    if (
      (code === "EEXIST" || code === "EROFS" || code === "EACCES") &&
      statSync(path, { throwIfNoEntry: false })?.isDirectory()
    )
      return undefined;
    throw error;
  }
}

export function mkdtempSync(prefix: string): string {
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  for (;;) {
    const path =
      prefix +
      Array.from({ length: 6 }, () => letters.charAt(Math.floor(Math.random() * letters.length))).join("");
    try {
      sys.mkdir(path, 0o700);
      return path;
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
  }
}

interface RmOptions {
  recursive?: boolean;
  force?: boolean;
}

export function rmSync(path: Path, options: RmOptions = {}): void {
  const name = typeof path === "string" ? path : sys.fsDecode(path);
  let raw: sys.Stat;
  try {
    raw = sys.lstat(name);
  } catch (error) {
    if (options.force === true && (error as { code?: string }).code === "ENOENT") return;
    throw error;
  }
  if ((raw.mode & constants.S_IFMT) !== constants.S_IFDIR) {
    sys.unlink(name);
    return;
  }
  if (options.recursive !== true) {
    throw Object.assign(
      codedError(
        new Error(`Path is a directory: rm returned EISDIR (is a directory) ${name}`),
        "ERR_FS_EISDIR",
      ),
      { errno: 21, syscall: "rm", path: name },
    );
  }
  removeTree(name);
}

/** Depth first, with an own stack: a deep tree must not exhaust the engine's. */
function removeTree(root: string): void {
  const pending = [root];
  const directories: string[] = [];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    directories.push(at);
    for (const entry of sys.readdir(at)) {
      const path = `${at}/${entry.name}`;
      const type = entry.type === 0 ? sys.lstat(path).mode & constants.S_IFMT : entry.type;
      if (type === constants.S_IFDIR) pending.push(path);
      else sys.unlink(path);
    }
  }
  for (const directory of directories.reverse()) sys.rmdir(directory);
}

export function rmdirSync(path: Path): void {
  sys.rmdir(path);
}

export function unlinkSync(path: Path): void {
  sys.unlink(path);
}

export function renameSync(from: Path, to: Path): void {
  sys.rename(from, to);
}

export function symlinkSync(target: Path, path: Path): void {
  sys.symlink(target, path);
}

export function linkSync(from: Path, to: Path): void {
  sys.link(from, to);
}

export function chmodSync(path: Path, mode: number): void {
  sys.chmod(path, mode);
}

export function fchmodSync(fd: number, mode: number): void {
  sys.fchmod(fd, mode);
}

export function chownSync(path: Path, uid: number, gid: number): void {
  sys.chown(path, uid, gid);
}

export function lchownSync(path: Path, uid: number, gid: number): void {
  sys.lchown(path, uid, gid);
}

export function fchownSync(fd: number, uid: number, gid: number): void {
  sys.fchown(fd, uid, gid);
}

type Time = number | Date | string;

function seconds(time: Time): number {
  return time instanceof Date ? time.getTime() / 1000 : Number(time);
}

export function utimesSync(path: Path, atime: Time, mtime: Time): void {
  sys.utimes(path, seconds(atime), seconds(mtime), true);
}

export function lutimesSync(path: Path, atime: Time, mtime: Time): void {
  sys.utimes(path, seconds(atime), seconds(mtime), false);
}

export function truncateSync(path: Path, length = 0): void {
  sys.truncate(path, length);
}

export function ftruncateSync(fd: number, length = 0): void {
  sys.ftruncate(fd, length);
}

export function fsyncSync(fd: number): void {
  sys.fsync(fd);
}

export const fdatasyncSync = fsyncSync;

export function copyFileSync(from: Path, to: Path, mode = 0): void {
  const exclusive = (mode & constants.COPYFILE_EXCL) !== 0;
  withFile(from, "r", 0, (source) =>
    withFile(to, exclusive ? "wx" : "w", sys.fstat(source).mode & 0o777, (target) => {
      sys.copy(source, target, -1);
    }),
  );
}

export function statfsSync(path: Path) {
  return sys.statfs(path);
}

export default {
  BigIntStats,
  Dirent,
  Stats,
  accessSync,
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
};
