/** Stats and Dirent. A number that JavaScript could not hold exactly is an error, never another number. */
import * as sys from "vz:sys";
import { codedError } from "./errors.ts";

const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK } = sys.constants;

/** Whole seconds of a time of which the nanoseconds are known apart. */
function seconds(time: number, ns: number): number {
  return Math.round(time - ns / 1e9);
}

function milliseconds(time: number, ns: number): number {
  return seconds(time, ns) * 1000 + ns / 1e6;
}

abstract class FileKind {
  protected abstract kind(): number | undefined;
  isFile(): boolean {
    return this.kind() === S_IFREG;
  }
  isDirectory(): boolean {
    return this.kind() === S_IFDIR;
  }
  isSymbolicLink(): boolean {
    return this.kind() === S_IFLNK;
  }
  isCharacterDevice(): boolean {
    return this.kind() === S_IFCHR;
  }
  isBlockDevice(): boolean {
    return this.kind() === S_IFBLK;
  }
  isFIFO(): boolean {
    return this.kind() === S_IFIFO;
  }
  isSocket(): boolean {
    return this.kind() === S_IFSOCK;
  }
}

/** Defines `name` as the number, or as a getter that throws where a number would not be exact. */
function define(stats: Stats, name: "dev" | "ino" | "size", value: number | bigint): void {
  if (typeof value === "number") {
    Object.defineProperty(stats, name, { value, enumerable: true, writable: true, configurable: true });
    return;
  }
  const get = () => {
    const message = `${name} ${value} is above 2^53: ask for it with {bigint: true}`;
    throw codedError(RangeError, "ERR_OUT_OF_RANGE", message);
  };
  Object.defineProperty(stats, name, { get, enumerable: false, configurable: true });
}

export class Stats extends FileKind {
  declare dev: number;
  declare ino: number;
  declare size: number;
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  rdev: number;
  blksize: number;
  blocks: number;
  atimeMs: number;
  mtimeMs: number;
  ctimeMs: number;

  constructor(stat: sys.Stat) {
    super();
    define(this, "dev", stat.dev);
    define(this, "ino", stat.ino);
    define(this, "size", stat.size);
    this.mode = stat.mode;
    this.nlink = stat.nlink;
    this.uid = stat.uid;
    this.gid = stat.gid;
    this.rdev = stat.rdev;
    this.blksize = stat.blksize;
    this.blocks = stat.blocks;
    this.atimeMs = milliseconds(stat.atime, stat.atimeNs);
    this.mtimeMs = milliseconds(stat.mtime, stat.mtimeNs);
    this.ctimeMs = milliseconds(stat.ctime, stat.ctimeNs);
  }

  get atime(): Date {
    return new Date(Math.round(this.atimeMs));
  }
  get mtime(): Date {
    return new Date(Math.round(this.mtimeMs));
  }
  get ctime(): Date {
    return new Date(Math.round(this.ctimeMs));
  }

  protected kind(): number {
    return this.mode & (S_IFMT ?? 0);
  }
}

/** Stats as {bigint: true} gives them, with times in nanoseconds as well. */
export class BigIntStats extends FileKind {
  dev: bigint;
  ino: bigint;
  mode: bigint;
  nlink: bigint;
  uid: bigint;
  gid: bigint;
  rdev: bigint;
  size: bigint;
  blksize: bigint;
  blocks: bigint;
  atimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  atimeMs: bigint;
  mtimeMs: bigint;
  ctimeMs: bigint;

  constructor(stat: sys.Stat) {
    super();
    this.dev = BigInt(stat.dev);
    this.ino = BigInt(stat.ino);
    this.mode = BigInt(stat.mode);
    this.nlink = BigInt(stat.nlink);
    this.uid = BigInt(stat.uid);
    this.gid = BigInt(stat.gid);
    this.rdev = BigInt(stat.rdev);
    this.size = BigInt(stat.size);
    this.blksize = BigInt(stat.blksize);
    this.blocks = BigInt(stat.blocks);
    this.atimeNs = nanoseconds(stat.atime, stat.atimeNs);
    this.mtimeNs = nanoseconds(stat.mtime, stat.mtimeNs);
    this.ctimeNs = nanoseconds(stat.ctime, stat.ctimeNs);
    this.atimeMs = this.atimeNs / 1_000_000n;
    this.mtimeMs = this.mtimeNs / 1_000_000n;
    this.ctimeMs = this.ctimeNs / 1_000_000n;
  }

  get atime(): Date {
    return new Date(Number(this.atimeMs));
  }
  get mtime(): Date {
    return new Date(Number(this.mtimeMs));
  }
  get ctime(): Date {
    return new Date(Number(this.ctimeMs));
  }

  protected kind(): number {
    return Number(this.mode) & (S_IFMT ?? 0);
  }
}

function nanoseconds(time: number, ns: number): bigint {
  return BigInt(seconds(time, ns)) * 1_000_000_000n + BigInt(ns);
}

export interface StatOptions {
  bigint?: boolean;
  throwIfNoEntry?: boolean;
}

export function statsOf(stat: sys.Stat, options: StatOptions): Stats | BigIntStats {
  return options.bigint === true ? new BigIntStats(stat) : new Stats(stat);
}

/** An entry of a directory, by readdir with {withFileTypes: true}. */
export class Dirent<Name = string> extends FileKind {
  readonly name: Name;
  readonly parentPath: string;
  readonly #kind: number;

  constructor(name: Name, parentPath: string, kind: number) {
    super();
    this.name = name;
    this.parentPath = parentPath;
    this.#kind = kind;
  }

  /** The older name of parentPath. */
  get path(): string {
    return this.parentPath;
  }

  protected kind(): number {
    return this.#kind;
  }
}
