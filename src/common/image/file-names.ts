/**
 * Names of files as an image has them: any bytes but NUL. A byte that is not UTF-8 stands in a string as the lone
 * surrogate U+DC80 + (byte - 0x80) ("surrogateescape"), which JSON keeps as `\udcXX`.
 */

/** Longest name of a file, with its directories, in bytes: PATH_MAX without the final NUL. */
const MAX_PATH_BYTES = 4095;
/** Longest part between slashes, in bytes: NAME_MAX. */
const MAX_PART_BYTES = 255;

const DOT_DOT = /(^|\/)\.\.(\/|$)/;
const EMPTY_PART = /(^|\/)\.?(\/|$)/;

/** With the u flag a surrogate matches only when it is not half of a pair. */
const ESCAPED_BYTE = /[\udc80-\udcff]/gu;
const FROM_SURROGATES = /[\ud800-\uffff]/;
const STRAY_SURROGATE = /[\ud800-\udc7f\udd00-\udfff]/u;

/** The bytes that `name` stands for. */
export function nameBytes(name: string): number[] {
  const bytes: number[] = [];
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else if (code < 0x10000)
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f));
      bytes.push(0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    }
  }
  return bytes;
}

/** Order of names by their bytes, as `LC_ALL=C sort` has it: below 0, 0 or above 0. */
export function compareNames(a: string, b: string): number {
  // Below the surrogates the order of code units is the order of UTF-8's bytes.
  if (!FROM_SURROGATES.test(a) && !FROM_SURROGATES.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return compareBytes(nameBytes(a), nameBytes(b));
}

/** Sorts `items` in place by the bytes of their names. Quicker than with `compareNames`: each name is looked at once. */
export function sortByName<T>(items: T[], nameOf: (item: T) => string): T[] {
  if (items.some((item) => FROM_SURROGATES.test(nameOf(item))))
    return items.sort((a, b) => compareNames(nameOf(a), nameOf(b)));
  return items.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
}

function compareBytes(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((byte, i) => byte !== b[i]);
  if (differs < 0) return a.length - b.length;
  return (a[differs] ?? 0) - (b[differs] ?? -1);
}

/**
 * How `name` is written in the tarball, whose format allows only UTF-8: a byte that is not stands as `\x80`. The manifest
 * has the true name, so nothing is lost.
 */
export function archiveName(name: string): string {
  return name.replace(ESCAPED_BYTE, (byte) => `\\x${(byte.charCodeAt(0) - 0xdc00).toString(16)}`);
}

/** Why `text` cannot be what a symbolic link points to, or undefined. */
export function whyBadTarget(text: string): string | undefined {
  if (text === "") return "empty";
  if (text.includes("\0")) return "has a NUL";
  if (STRAY_SURROGATE.test(text)) return "not bytes of a name";
  return isLonger(text, MAX_PATH_BYTES) ? "too long" : undefined;
}

/** Why `path` cannot be the name of a file in an image, or undefined: relative, without "." and "..", within limits. */
export function whyBadPath(path: string): string | undefined {
  if (path.startsWith("/")) return "absolute name";
  if (DOT_DOT.test(path)) return 'name with ".."';
  if (EMPTY_PART.test(path)) return "name with an empty part";
  if (path.length > MAX_PART_BYTES / 3 && path.split("/").some((part) => isLonger(part, MAX_PART_BYTES))) {
    return "name too long";
  }
  return whyBadTarget(path);
}

/** A code unit of UTF-16 is at most three bytes of UTF-8. */
function isLonger(name: string, bytes: number): boolean {
  return name.length > bytes || (name.length * 3 > bytes && nameBytes(name).length > bytes);
}

/** The directory that holds `path`, "" at the top. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
