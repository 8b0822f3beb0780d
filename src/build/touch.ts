/** The words that the reader of the log and the reader of its lines share. */

/** How a name was touched. A mask of these; the first touch decides whether the file was there before the run. */
export const Touch = {
  /** Opened, whatever it is; or a directory that the run went into. */
  opened: 1,
  executed: 2,
  /** Asked about with success. */
  looked: 4,
  /** The name itself was looked at, even where it is a link: lstat, readlink. */
  self: 8,
  /** The name itself was made by the run: mkdir, symlink, link, rename to, mknod, bind, open with O_CREAT | O_EXCL. */
  made: 16,
  /** Opened with O_CREAT: made, or there before. */
  maybeMade: 32,
  /** The name itself was unlinked, or renamed to something else. */
  removed: 64,
  /** Opened for writing, or changed. */
  written: 128,
} as const;

/** Bits to the left at which a name's first touch is kept beside all of them. */
export const FIRST = 8;

/** The mask of the first touch of a name. */
export function firstTouch(value: number): number {
  return value >> FIRST;
}

/** The mask of all touches of a name. */
export function allTouches(value: number): number {
  return value & ((1 << FIRST) - 1);
}

/** "/" in strace's `-xx` form. */
export const SLASH = "\\x2f";

/** Writes a byte string in strace's `-xx` form. */
export function toHex(bytes: string): string {
  let hex = "";
  for (let i = 0; i < bytes.length; i++) hex += `\\x${bytes.charCodeAt(i).toString(16).padStart(2, "0")}`;
  return hex;
}

/** Reads strace's `-xx` form as a byte string. */
export function fromHex(hex: string): string {
  let bytes = "";
  for (let i = 2; i < hex.length; i += 4)
    bytes += String.fromCharCode(Number.parseInt(hex.slice(i, i + 2), 16));
  return bytes;
}
