/** How a file of the manifest stands in the tarball: the same fields are written, and compared when read. */
import { archiveName } from "./file-names.ts";
import type { Entry } from "./manifest.ts";

export interface HeaderFields {
  readonly type: "file" | "directory" | "symlink" | "character-device" | "block-device" | "fifo";
  /** Fields by their names in tar-stream. */
  readonly compared: Readonly<Record<string, string | number>>;
  /** Records for a PAX header, where a number does not fit its field. */
  readonly pax: Readonly<Record<string, string>> | undefined;
}

/** The largest number that tar-stream writes into a field of eight bytes (six octal digits); it writes this for more. */
const MAX_FIELD = 0o777777;

const TYPES = {
  file: "file",
  directory: "directory",
  symlink: "symlink",
  char: "character-device",
  block: "block-device",
  fifo: "fifo",
} as const;

export const kindNames: Readonly<Record<string, string>> = {
  file: "file",
  link: "hard link",
  symlink: "symbolic link",
  "character-device": "character device",
  "block-device": "block device",
  directory: "directory",
  fifo: "fifo",
};

export function headerFields(entry: Entry): HeaderFields {
  const isDevice = entry.type === "char" || entry.type === "block";
  return {
    type: TYPES[entry.type],
    compared: {
      size: entry.type === "file" ? entry.size : 0,
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      linkname: entry.type === "symlink" ? archiveName(entry.target) : "",
      ...(isDevice && { devmajor: entry.major, devminor: Math.min(entry.minor, MAX_FIELD) }),
    },
    pax:
      entry.uid > MAX_FIELD || entry.gid > MAX_FIELD
        ? { uid: String(entry.uid), gid: String(entry.gid) }
        : undefined,
  };
}
