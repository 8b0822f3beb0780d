/**
 * The manifest of an image, `vz.json`: the first file in the tarball, which tells of every other one. The SHA-256 of its
 * bytes is the image's id, and so stands for all that the image holds. Every role loads this file: it is small and imports nothing.
 */
export const MANIFEST_NAME = "vz.json";
export const CONFIG_NAME = "config.json";
export const ROOTFS_NAME = "rootfs";
/** Bounds, in bytes, of what is held in memory whole. */
export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** Highest schema that this vz reads. An image without provenance says 1: so its id stays, and every vz reads it. */
export const SCHEMA = 2;

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

/** A package that a file of the image came from, in the words of its package manager. */
export interface PackageVersion {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** Where an image comes from. Nothing in it depends on time, host name or user, so that equal input gives an equal id. */
export interface Provenance {
  /** What was traced. */
  readonly command: readonly string[];
  /** ID, VERSION_ID and PRETTY_NAME of os-release(5); empty for one that the host does not give, null where it gives none. */
  readonly host: { readonly id: string; readonly version: string; readonly name: string } | null;
  /** Sorted by name, then architecture. */
  readonly packages: readonly PackageVersion[];
}

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
  /** As `vz.json` has it. Slaves do not look inside; the builder's `provenanceOf` does. */
  readonly provenance?: unknown;
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
  const { name, created, architecture, command, kernelFloor, totals, provenance } = manifest;
  const schema = provenance === undefined ? 1 : SCHEMA;
  const head = { schema, name, created, architecture, command, kernelFloor, totals, provenance };
  const lines = manifest.files.map((entry) => JSON.stringify(plainEntry(entry)));
  return `${JSON.stringify(head, null, 1).slice(0, -2)},\n "files": [\n${lines.join(",\n")}\n ]\n}\n`;
}

/** An entry as `vz.json` has it. */
export function plainEntry(entry: Entry): Record<string, unknown> {
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

/** Where a container sees the file at `path`: "/bin/ls". `config.json`, which no container sees, stays as it is. */
export function insidePath(path: string): string {
  return path === CONFIG_NAME ? path : path.slice(ROOTFS_NAME.length) || "/";
}

/** A path for an error line: whatever a stranger wrote into it, it stays one line of bounded length. */
export function shown(path: string): string {
  const cut = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  if (/^[\x20-\x7e]+$/.test(cut)) return cut;
  // JSON leaves DEL and the upper control characters as they are, which some terminals obey.
  return JSON.stringify(cut).replace(/[\x7f-\x9f]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
}
