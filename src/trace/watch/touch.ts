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

/** Bits by which a name's first touch is shifted to the left, beside the mask of all its touches. */
export const FIRST = 8;

const MASK = (1 << FIRST) - 1;

/** Beside both masks: the name is already in the selection that was begun during the run. */
export const DRAFTED = 1 << (2 * FIRST);

/** All bits of a name that was there before the run and was only opened for reading, or looked at. */
export const READS = (Touch.opened | Touch.looked) * (1 + (1 << FIRST));

/** The mask of the first touch of a name. */
export function firstTouch(value: number): number {
  return (value >> FIRST) & MASK;
}

/** The mask of all touches of a name. */
export function allTouches(value: number): number {
  return value & MASK;
}

/** Separates a touched name from the root before it, where it counts from another than the host's; see chroot(2). */
export const ROOT_END = "\0";

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };

/**
 * Reads a name as strace prints it (without -x): C's escapes, octal for what is not printable. A name between angle brackets
 * has those two escaped as well, so that nothing in a name can look like the end of it.
 */
export function unquote(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([0-7]{1,3}|.)/g, (_, code: string) => {
    const digit = code.charCodeAt(0);
    if (digit >= 0x30 && digit <= 0x37) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return ESCAPES[code] ?? code;
  });
}
