/** Finds out what a root filesystem holds: every file in the order of the image, and what its programs ask of a host. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { deviceNumbers } from "../../common/device-numbers.ts";
import { startSha256 } from "../../common/digest.ts";
import { type Elf, readElf } from "../../common/elf/elf.ts";
import { Status, VzError } from "../../common/errors.ts";
import { sortByName, whyBadPath } from "../../common/image/file-names.ts";
import { type Entry, type FileEntry, ROOTFS_NAME, shown } from "../../common/image/manifest.ts";
import { Requirements } from "./requirements.ts";

export interface Scan {
  /** `rootfs` and all below it, sorted by the bytes of the paths. */
  readonly entries: readonly Entry[];
  readonly requirements: Requirements;
  /** What was left out or emptied, each a line for people. */
  readonly notes: readonly string[];
}

const CHUNK = 256 * 1024;

/** @param onHashed called with bytes hashed so far and in all */
export function scanRootfs(rootfs: string, onHashed: (done: number, total: number) => void): Scan {
  const { found, notes } = walk(rootfs);
  sortByName(found, ({ path }) => path);
  const total = found.reduce((sum, { stat }) => sum + (stat.isFile() ? Number(stat.size) : 0), 0);
  const requirements = new Requirements();
  let done = 0;
  const entries = found.map((node) => {
    const entry = toEntry(node, requirements);
    if (entry.type === "file") {
      done += entry.size;
      onHashed(done, total);
    }
    return entry;
  });
  return { entries, requirements, notes };
}

interface Found {
  readonly path: string;
  readonly file: string;
  readonly stat: Stats;
}

/** Without recursion: a tree may be deeper than the stack. Does not go into other filesystems mounted in the tree. */
function walk(rootfs: string): { found: Found[]; notes: string[] } {
  const top = lstatSync(rootfs);
  if (!top.isDirectory()) throw new VzError(Status.badData, `${rootfs}: not a directory`);
  const found: Found[] = [{ path: ROOTFS_NAME, file: rootfs, stat: top }];
  const notes: string[] = [];
  const directories = [...found];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const name of readdirSync(directory.file)) {
      const node = nodeAt(`${directory.path}/${name}`, join(directory.file, name));
      if (node.stat.isSocket()) {
        notes.push(`${shown(node.path)}: a socket, left out`);
        continue;
      }
      found.push(node);
      if (!node.stat.isDirectory()) continue;
      if (node.stat.dev === top.dev) directories.push(node);
      else
        notes.push(`${shown(node.path)}: another filesystem is mounted there, taken as an empty directory`);
    }
  }
  return { found, notes };
}

function nodeAt(path: string, file: string): Found {
  const bad = whyBadPath(path);
  if (bad !== undefined) throw new VzError(Status.badData, `${shown(path)}: ${bad}`);
  return { path, file, stat: lstatSync(file) };
}

function toEntry({ path, file, stat }: Found, requirements: Requirements): Entry {
  const node = { path, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid };
  if (stat.isFile()) {
    const { size, sha256, elf } = readRegular(file, path);
    if (elf !== null) requirements.add(elf);
    return { ...node, type: "file", size, sha256 };
  }
  if (stat.isDirectory()) return { ...node, type: "directory" };
  if (stat.isSymbolicLink()) return { ...node, type: "symlink", target: readlinkSync(file) };
  if (stat.isFIFO()) return { ...node, type: "fifo" };
  const { major, minor } = deviceNumbers(stat.rdev);
  return { ...node, type: stat.isCharacterDevice() ? "char" : "block", major, minor };
}

function readRegular(file: string, path: string): Pick<FileEntry, "size" | "sha256"> & { elf: Elf | null } {
  const hash = startSha256();
  let size = 0;
  const elf = eachChunk(file, path, (chunk) => {
    hash.update(chunk);
    size += chunk.length;
  });
  return { size, sha256: hash.digest("hex"), elf };
}

const buffer = new Uint8Array(CHUNK);

function eachChunk(file: string, path: string, take: (chunk: Uint8Array) => void): Elf | null {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) throw changed(path);
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      take(buffer.subarray(0, count));
    }
    return readElf(fd);
  } finally {
    closeSync(fd);
  }
}

/** The error for a file that changes while the image is made. */
export function changed(path: string): VzError {
  return new VzError(Status.failed, `${shown(path)}: changed while the image was made`, {
    hint: "build again when nothing writes to the bundle",
  });
}
