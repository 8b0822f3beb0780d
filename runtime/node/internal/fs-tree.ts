/** `node:fs`: names, links, owners, times. */
import * as sys from "vz:sys";
import type { Buffer } from "../buffer.ts";
import { checkOptions, invalidType, isSystemFailure } from "./errors.ts";
import { checkFd, checkPath, fileMode, nameAs, optionsOf, type Path, pathText } from "./fs-args.ts";
import { type BigIntStats, type StatOptions, type Stats, statsOf } from "./fs-stat.ts";
import { dirname, join, resolve } from "./path-posix.ts";
import { randomBytes } from "./random.ts";

type Found = Stats | BigIntStats | undefined;

function statBy(call: (path: Path) => sys.Stat, path: Path, options: StatOptions): Found {
  checkOptions("fs.statSync", options, ["bigint", "throwIfNoEntry"]);
  try {
    return statsOf(call(checkPath(path)), options);
  } catch (error) {
    const missing = isSystemFailure(error) && error.code === "ENOENT";
    if (missing && options.throwIfNoEntry === false) return undefined;
    throw error;
  }
}

export function statSync(path: Path, options: StatOptions = {}): Found {
  return statBy(sys.stat, path, options);
}

export function lstatSync(path: Path, options: StatOptions = {}): Found {
  return statBy(sys.lstat, path, options);
}

export function fstatSync(fd: number, options: StatOptions = {}): Found {
  checkOptions("fs.fstatSync", options, ["bigint"]);
  return statsOf(sys.fstat(checkFd(fd)), options);
}

export function accessSync(path: Path, mode = 0): void {
  sys.access(checkPath(path), mode);
}

export function existsSync(path: unknown): boolean {
  try {
    sys.access(checkPath(path), 0);
    return true;
  } catch {
    return false;
  }
}

export function renameSync(from: Path, to: Path): void {
  sys.rename(checkPath(from, "oldPath"), checkPath(to, "newPath"));
}

export function linkSync(from: Path, to: Path): void {
  sys.link(checkPath(from, "existingPath"), checkPath(to, "newPath"));
}

/** @param _type means something on Windows only */
export function symlinkSync(target: Path, path: Path, _type?: string | null): void {
  sys.symlink(checkPath(target, "target"), checkPath(path));
}

export function unlinkSync(path: Path): void {
  sys.unlink(checkPath(path));
}

export function readlinkSync(path: Path, options?: unknown): string | Buffer {
  return nameAs(sys.readlink(checkPath(path)), optionsOf(options).encoding);
}

export function realpathSync(path: Path, options?: unknown): string | Buffer {
  let found: string;
  try {
    // As Node: ".." is undone in the words of the path before any link is followed.
    found = sys.realpath(resolve(pathText(checkPath(path))));
  } catch (error) {
    if (isSystemFailure(error)) explainRealpath(resolve(pathText(path)));
    throw error;
  }
  return nameAs(found, optionsOf(options).encoding);
}

/** Node walks the path with lstat(2) and stat(2): throws the error that it meets there. */
function explainRealpath(path: string): void {
  let at = "/";
  for (const part of path.split("/").filter((one) => one !== "")) {
    at = join(at, part);
    if ((sys.lstat(at).mode & sys.constants.S_IFMT) !== sys.constants.S_IFLNK) continue;
    sys.stat(at);
    at = sys.realpath(at);
  }
}

interface MkdirOptions {
  recursive?: boolean;
  mode?: number | string;
}

/** With `recursive`, gives the first directory that was made, or undefined. */
export function mkdirSync(path: Path, options?: MkdirOptions | number | string | null): string | undefined {
  const given = typeof options === "object" ? (options ?? {}) : { mode: options ?? 0o777 };
  checkOptions("fs.mkdirSync", given, ["recursive", "mode"]);
  const mode = fileMode(given.mode, 0o777);
  checkPath(path);
  if (given.recursive === true) return makeTree(pathText(path), mode);
  sys.mkdir(path, mode);
  return undefined;
}

/** @param again the parents are there: below /proc, say, a directory cannot be made and is ENOENT all the same */
function makeTree(path: string, mode: number, again = false): string | undefined {
  try {
    sys.mkdir(path, mode);
    return path;
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    if (error.code === "ENOENT" && dirname(path) !== path && !again) {
      const first = makeTree(dirname(path), mode);
      const last = makeTree(path, mode, true);
      return first ?? last;
    }
    if (isDirectory(path)) return undefined;
    throw error;
  }
}

function isDirectory(path: Path): boolean {
  try {
    return statsOf(sys.stat(path), {}).isDirectory();
  } catch {
    return false;
  }
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Makes a directory of mode 0700 whose name is `prefix` and six random letters. */
export function mkdtempSync(prefix: string, options?: unknown): string | Buffer {
  checkPath(prefix, "prefix");
  for (let attempt = 0; ; attempt++) {
    const bytes = randomBytes(6);
    const path = prefix + Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
    try {
      sys.mkdir(path, 0o700);
      return nameAs(path, optionsOf(options).encoding);
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      if (error.code === "EEXIST" && attempt < 100) continue;
      const template = `${prefix}XXXXXX`;
      error.message = error.message.replace(/mkdir '.*'$/s, () => `mkdtemp '${template}'`);
      throw Object.assign(error, { syscall: "mkdtemp", path: template });
    }
  }
}

export function chmodSync(path: Path, mode: number | string): void {
  sys.chmod(checkPath(path), checkMode(mode));
}

export function fchmodSync(fd: number, mode: number | string): void {
  sys.fchmod(checkFd(fd), checkMode(mode));
}

function checkMode(mode: unknown): number {
  if (mode === undefined || mode === null) throw invalidType("mode", "of type number", mode);
  return fileMode(mode, 0);
}

export function chownSync(path: Path, uid: number, gid: number): void {
  sys.chown(checkPath(path), checkId("uid", uid), checkId("gid", gid));
}

export function lchownSync(path: Path, uid: number, gid: number): void {
  sys.lchown(checkPath(path), checkId("uid", uid), checkId("gid", gid));
}

export function fchownSync(fd: number, uid: number, gid: number): void {
  sys.fchown(checkFd(fd), checkId("uid", uid), checkId("gid", gid));
}

function checkId(name: string, id: unknown): number {
  if (typeof id !== "number") throw invalidType(name, "of type number", id);
  return id;
}

type Time = number | string | Date;

/** Seconds. */
function timeOf(time: Time): number {
  return time instanceof Date ? time.getTime() / 1000 : Number(time);
}

export function utimesSync(path: Path, atime: Time, mtime: Time): void {
  sys.utimes(checkPath(path), timeOf(atime), timeOf(mtime), true);
}

export function lutimesSync(path: Path, atime: Time, mtime: Time): void {
  sys.utimes(checkPath(path), timeOf(atime), timeOf(mtime), false);
}

export function statfsSync(path: Path, options: object = {}): ReturnType<typeof sys.statfs> {
  checkOptions("fs.statfsSync", options, []);
  return sys.statfs(checkPath(path));
}
