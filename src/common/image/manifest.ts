/**
 * The manifest of an image, `vz.json`: the first file in the tarball, which tells of every other one. The SHA-256 of its
 * bytes is the image's id, and so stands for all that the image holds. Read by every role: small, and in need of nothing.
 */
export const MANIFEST_NAME = "vz.json";
export const CONFIG_NAME = "config.json";
export const ROOTFS_NAME = "rootfs";
/** Bounds, in bytes, of what is held in memory whole. */
export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
export const MAX_CONFIG_BYTES = 1024 * 1024;

export const SCHEMA = 1;

interface Node {
  /** From the top of the bundle: "rootfs/bin/ls". */
  readonly path: string;
  /** Permission bits, set-id and sticky bits: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}
export interface FileEntry extends Node {
  readonly type: "file";
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}
export interface DirectoryEntry extends Node {
  readonly type: "directory";
}
export interface SymlinkEntry extends Node {
  readonly type: "symlink";
  readonly target: string;
}
export interface DeviceEntry extends Node {
  readonly type: "char" | "block";
  readonly major: number;
  readonly minor: number;
}
export interface FifoEntry extends Node {
  readonly type: "fifo";
}
/** Hard links are no kind of their own: each name is a file, and equal files share one object in a slave's store. */
export type Entry = FileEntry | DirectoryEntry | SymlinkEntry | DeviceEntry | FifoEntry;

export interface Manifest {
  readonly name: string;
  /** ISO 8601 UTC, whole seconds. The epoch where the builder was not told a time, so that equal input gives an equal id. */
  readonly created: string;
  /** "i386", "amd64", another ELF machine's name, or "any" where nothing in the image is machine code. */
  readonly architecture: string;
  /** The process's arguments, from `config.json`. */
  readonly command: readonly string[];
  /** Lowest kernel that the C library in the image starts on ("3.2.0"); null where no file asks for one. */
  readonly kernelFloor: string | null;
  /** Regular files of the root filesystem, and the sum of their sizes in bytes. */
  readonly totals: { readonly files: number; readonly bytes: number };
  /** `config.json`, `rootfs` and all below it, sorted by the bytes of their paths. */
  readonly files: readonly Entry[];
}

/** Files below a root filesystem and their bytes, as `totals` has them. */
export function totalsOf(files: readonly Entry[]): { files: number; bytes: number } {
  const totals = { files: 0, bytes: 0 };
  for (const entry of files) {
    if (entry.type !== "file" || entry.path === CONFIG_NAME) continue;
    totals.files++;
    totals.bytes += entry.size;
  }
  return totals;
}

/** The text of `vz.json`: keys in a fixed order, one file a line. */
export function formatManifest(manifest: Manifest): string {
  const { name, created, architecture, command, kernelFloor, totals } = manifest;
  const head = { schema: SCHEMA, name, created, architecture, command, kernelFloor, totals };
  const lines = manifest.files.map((entry) => JSON.stringify(plainEntry(entry)));
  return `${JSON.stringify(head, null, 1).slice(0, -2)},\n "files": [\n${lines.join(",\n")}\n ]\n}\n`;
}

function plainEntry(entry: Entry): Record<string, unknown> {
  const { path, type, uid, gid } = entry;
  const common = { path, type, mode: entry.mode.toString(8).padStart(4, "0"), uid, gid };
  switch (entry.type) {
    case "file":
      return { ...common, size: entry.size, sha256: entry.sha256 };
    case "symlink":
      return { ...common, target: entry.target };
    case "char":
    case "block":
      return { ...common, major: entry.major, minor: entry.minor };
    default:
      return common;
  }
}

/** A path for an error line: whatever a stranger wrote into it, it stays one line of bounded length. */
export function shown(path: string): string {
  const cut = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return /^[\x20-\x7e]+$/.test(cut) ? cut : JSON.stringify(cut);
}
