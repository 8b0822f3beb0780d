/**
 * Archives that Linux unpacks into its first root filesystem: cpio's "newc".
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst.
 */

export interface Entry {
  /** Without a slash in front. */
  readonly name: string;
  /** File type and rights, as in st_mode. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

export const DIRECTORY = 0o040755;
export const PROGRAM = 0o100755;
export const FILE = 0o100644;

/** One archive of these entries, parents before what is in them. The kernel also takes several archives one behind the other. */
export function cpio(entries: readonly Entry[]): Uint8Array {
  const all = [...entries, { name: "TRAILER!!!", mode: 0, bytes: new Uint8Array(0) }];
  const parts = all.flatMap((entry, at) => [padded(header(entry, at + 1)), padded(entry.bytes)]);
  const archive = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

/** The magic number, thirteen fields of eight hexadecimal digits, and the name with a zero behind it. */
function header({ name, mode, bytes }: Entry, inode: number): Uint8Array {
  const encoded = new TextEncoder().encode(`${name}\0`);
  const links = 1;
  const [owner, group, time, checksum] = [0, 0, 0, 0];
  const device = [0, 0, 0, 0];
  const fields = [inode, mode, owner, group, links, time, bytes.length, ...device, encoded.length, checksum];
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return concat(new TextEncoder().encode(text), encoded);
}

/** Headers and contents end at a multiple of four. */
function padded(bytes: Uint8Array): Uint8Array {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : concat(bytes, new Uint8Array(4 - rest));
}

export function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
