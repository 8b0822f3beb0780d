/** `node:fs`: reading and removing directories. */
import * as sys from "vz:sys";
import type { Buffer } from "../buffer.ts";
import { checkOptions, codedError, isSystemFailure } from "./errors.ts";
import { checkPath, nameAs, optionsOf, type Path, pathText } from "./fs-args.ts";
import { Dirent } from "./fs-stat.ts";
import { join } from "./path-posix.ts";

const S_IFMT = sys.constants.S_IFMT;
const S_IFDIR = sys.constants.S_IFDIR;

interface Entry {
  name: string;
  type: number;
}

/** Bytewise, which is not the order of UTF-16 where surrogates come in. */
function compareNames(a: string, b: string): number {
  if (!/[\ud800-\uffff]/.test(a + b)) return a < b ? -1 : 1;
  const [left, right] = [sys.fsEncode(a), sys.fsEncode(b)];
  const at = left.findIndex((byte, i) => byte !== right[i]);
  return at < 0 ? -1 : (left[at] ?? 0) - (right[at] ?? -1);
}

/** Entries in the order of their names, as Node gives them. */
function entriesOf(path: Path): Entry[] {
  const entries = sys.readdir(path).sort((a, b) => compareNames(a.name, b.name));
  for (const entry of entries) {
    // some filesystems don't tell
    if (entry.type === 0) entry.type = sys.lstat(join(pathText(path), entry.name)).mode & S_IFMT;
  }
  return entries;
}

interface ReaddirOptions {
  withFileTypes?: boolean;
  recursive?: boolean;
}

export function readdirSync(path: Path, options?: unknown): (string | Buffer | Dirent<string | Buffer>)[] {
  const { encoding, withFileTypes, recursive } = optionsOf<ReaddirOptions>(options);
  if (typeof options === "object") {
    checkOptions("fs.readdirSync", options, ["encoding", "withFileTypes", "recursive"]);
  }
  checkPath(path);
  const top = pathText(path);
  const folders = [""];
  const found: (string | Buffer | Dirent<string | Buffer>)[] = [];
  // the list grows while we go through it
  for (const folder of folders) {
    const here = folder === "" ? path : join(top, folder);
    for (const { name, type } of entriesOf(here)) {
      const below = folder === "" ? name : `${folder}/${name}`;
      if (recursive === true && type === S_IFDIR) folders.push(below);
      if (withFileTypes === true) found.push(new Dirent(nameAs(name, encoding), pathText(here), type));
      else found.push(nameAs(below, encoding));
    }
  }
  return found;
}

/** With {recursive: true} Node's older name of rmSync; not offered. */
export function rmdirSync(path: Path, options: object = {}): void {
  checkOptions("fs.rmdirSync", options, []);
  sys.rmdir(checkPath(path));
}

interface RmOptions {
  recursive?: boolean;
  force?: boolean;
  maxRetries?: number;
  retryDelay?: number;
}

/** Removes a file or, with `recursive`, a tree; `force` says nothing about what is not there. */
export function rmSync(path: Path, options: RmOptions = {}): void {
  checkOptions("fs.rmSync", options, ["recursive", "force", "maxRetries", "retryDelay"]);
  checkPath(path);
  let stat: sys.Stat;
  try {
    stat = sys.lstat(path);
  } catch (error) {
    if (options.force === true && isMissing(error)) return;
    throw error;
  }
  const isDirectory = (stat.mode & S_IFMT) === S_IFDIR;
  if (isDirectory && options.recursive !== true) throw isDirectoryError(pathText(path));
  if (isDirectory) removeTree(pathText(path));
  else gone(() => sys.unlink(path));
}

function isMissing(error: unknown): boolean {
  return isSystemFailure(error) && error.code === "ENOENT";
}

/** What another process removed in the meantime is removed. */
function gone(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** With a list of its own: a deep tree must not use up the stack. */
function removeTree(top: string): void {
  const folders = [top];
  for (const folder of folders) {
    let entries: Entry[];
    try {
      entries = entriesOf(folder);
    } catch (error) {
      if (isMissing(error)) continue;
      throw error;
    }
    for (const { name, type } of entries) {
      if (type === S_IFDIR) folders.push(`${folder}/${name}`);
      else gone(() => sys.unlink(`${folder}/${name}`));
    }
  }
  for (const folder of folders.reverse()) gone(() => sys.rmdir(folder));
}

function isDirectoryError(path: string): Error {
  const message = `Path is a directory: rm returned EISDIR (is a directory) ${path}`;
  const error = codedError(Error, "ERR_FS_EISDIR", message);
  return Object.assign(error, { name: "SystemError", errno: 21, syscall: "rm", path });
}
