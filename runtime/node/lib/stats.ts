/** `fs.Stats` and `fs.Dirent`. */
import * as sys from "vz:sys";
import { codedError } from "./errors.ts";

type Exact = number | bigint;

const C = {
  S_IFMT: 0o170000,
  S_IFREG: 0o100000,
  S_IFDIR: 0o040000,
  S_IFLNK: 0o120000,
  S_IFCHR: 0o020000,
  S_IFBLK: 0o060000,
  S_IFIFO: 0o010000,
  S_IFSOCK: 0o140000,
};

abstract class Kind {
  protected abstract type(): number;
  isFile(): boolean {
    return this.type() === C.S_IFREG;
  }
  isDirectory(): boolean {
    return this.type() === C.S_IFDIR;
  }
  isSymbolicLink(): boolean {
    return this.type() === C.S_IFLNK;
  }
  isCharacterDevice(): boolean {
    return this.type() === C.S_IFCHR;
  }
  isBlockDevice(): boolean {
    return this.type() === C.S_IFBLK;
  }
  isFIFO(): boolean {
    return this.type() === C.S_IFIFO;
  }
  isSocket(): boolean {
    return this.type() === C.S_IFSOCK;
  }
}

/** A number that is exact, or an error: never a rounded one. */
function exact(value: Exact, name: string): number {
  if (typeof value === "number") return value;
  throw codedError(
    new RangeError(`${name} ${value} is above 2^53: ask with {bigint: true}`),
    "ERR_OUT_OF_RANGE",
  );
}

export class Stats extends Kind {
  readonly #raw: sys.Stat;

  constructor(raw: sys.Stat) {
    super();
    this.#raw = raw;
  }

  protected override type(): number {
    return this.#raw.mode & C.S_IFMT;
  }

  get dev(): number {
    return exact(this.#raw.dev, "dev");
  }
  get ino(): number {
    return exact(this.#raw.ino, "ino");
  }
  get mode(): number {
    return this.#raw.mode;
  }
  get nlink(): number {
    return this.#raw.nlink;
  }
  get uid(): number {
    return this.#raw.uid;
  }
  get gid(): number {
    return this.#raw.gid;
  }
  get rdev(): number {
    return this.#raw.rdev;
  }
  get size(): number {
    return exact(this.#raw.size, "size");
  }
  get blksize(): number {
    return this.#raw.blksize;
  }
  get blocks(): number {
    return this.#raw.blocks;
  }
  get atimeMs(): number {
    return millis(this.#raw.atime, this.#raw.atimeNs);
  }
  get mtimeMs(): number {
    return millis(this.#raw.mtime, this.#raw.mtimeNs);
  }
  get ctimeMs(): number {
    return millis(this.#raw.ctime, this.#raw.ctimeNs);
  }
  get atime(): Date {
    return new Date(this.atimeMs + 0.5);
  }
  get mtime(): Date {
    return new Date(this.mtimeMs + 0.5);
  }
  get ctime(): Date {
    return new Date(this.ctimeMs + 0.5);
  }
}

function millis(seconds: number, ns: number): number {
  return Math.round(seconds - ns / 1e9) * 1000 + ns / 1e6;
}

/** All numbers as BigInt, with nanoseconds. */
export class BigIntStats extends Kind {
  readonly #mode: number;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly rdev: bigint;
  readonly size: bigint;
  readonly blksize: bigint;
  readonly blocks: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;

  constructor(raw: sys.Stat) {
    super();
    const ns = (seconds: number, part: number) =>
      BigInt(Math.round(seconds - part / 1e9)) * 1_000_000_000n + BigInt(part);
    this.#mode = raw.mode;
    this.dev = BigInt(raw.dev);
    this.ino = BigInt(raw.ino);
    this.mode = BigInt(raw.mode);
    this.nlink = BigInt(raw.nlink);
    this.uid = BigInt(raw.uid);
    this.gid = BigInt(raw.gid);
    this.rdev = BigInt(raw.rdev);
    this.size = BigInt(raw.size);
    this.blksize = BigInt(raw.blksize);
    this.blocks = BigInt(raw.blocks);
    this.atimeNs = ns(raw.atime, raw.atimeNs);
    this.mtimeNs = ns(raw.mtime, raw.mtimeNs);
    this.ctimeNs = ns(raw.ctime, raw.ctimeNs);
  }

  protected override type(): number {
    return this.#mode & C.S_IFMT;
  }

  get mtimeMs(): bigint {
    return this.mtimeNs / 1_000_000n;
  }
}

export class Dirent extends Kind {
  readonly name: string;
  readonly path: string;
  readonly parentPath: string;
  #type: number;

  constructor(name: string, parent: string, type: number) {
    super();
    this.name = name;
    this.path = parent;
    this.parentPath = parent;
    this.#type = type;
  }

  protected override type(): number {
    /* a filesystem that does not tell in readdir tells in lstat */
    if (this.#type === 0) this.#type = sys.lstat(`${this.parentPath}/${this.name}`).mode & C.S_IFMT;
    return this.#type;
  }
}
