/** One header block of a tar archive: POSIX's ustar, with GNU's base-256 numbers (tar(5)). */

export const BLOCK = 512;

export interface RawHeader {
  readonly kind: string;
  readonly name: string;
  readonly linkname: string;
  readonly size: number | undefined;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly major: number | undefined;
  readonly minor: number | undefined;
}

/** The fields of one block, or undefined where the checksum is wrong; a number is undefined where its field holds none. */
export function rawHeader(block: Uint8Array): RawHeader | undefined {
  const sum = numberIn(block, 148, 8);
  // Some old tars summed up signed characters.
  if (sum !== checksum(block, 0) && sum !== checksum(block, 256)) return undefined;
  const text = (offset: number, length: number) => untilNul(block.subarray(offset, offset + length));
  // The prefix is POSIX's; in GNU's own format other things stand in its place.
  const isPosix = text(257, 6) === "ustar" && block[263] === 0x30;
  const prefix = isPosix ? text(345, 155) : "";
  return {
    kind: String.fromCharCode(block[156] ?? 0),
    name: prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    linkname: text(157, 100),
    size: numberIn(block, 124, 12),
    mode: numberIn(block, 100, 8),
    uid: numberIn(block, 108, 8),
    gid: numberIn(block, 116, 8),
    major: numberIn(block, 329, 8),
    minor: numberIn(block, 337, 8),
  };
}

/** @param wrap 256 to take bytes for signed characters */
function checksum(block: Uint8Array, wrap: number): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) {
    const byte = block[i] ?? 0;
    // The field itself counts as blanks.
    if (i < 148 || i >= 156) sum += byte > 127 ? byte - wrap : byte;
  }
  return sum;
}

/** Octal digits between blanks and NULs, or GNU's base-256 with the highest bit set; undefined for all else. */
function numberIn(block: Uint8Array, offset: number, length: number): number | undefined {
  const field = block.subarray(offset, offset + length);
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) {
    if (first !== 0x80) return undefined;
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = untilNul(field).trim();
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** The bytes before the first NUL, as a byte string: one character a byte. */
export function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.buffer, bytes.byteOffset, end < 0 ? bytes.length : end).toString("latin1");
}
