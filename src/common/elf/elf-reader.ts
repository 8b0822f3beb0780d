/** Reads the parts of an ELF file: bytes at an offset, integers of its class and byte order, texts. */
import { readSync } from "node:fs";

/** No file is larger: only a broken file names an offset beyond, and nothing is read there. */
const MAX_OFFSET = 2 ** 43;

/** A stretch of a file, in bytes. */
export interface Part {
  readonly offset: number;
  readonly size: number;
}

/** Gives up to `length` bytes at `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** Up to `length` bytes at `offset`; fewer at the end of the file. */
export function readFully(fd: number, offset: number, length: number): Uint8Array {
  if (offset > MAX_OFFSET) return new Uint8Array(0);
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Integers of one file, by its class and byte order. */
export class Reader {
  readonly wide: boolean;
  readonly #little: boolean;

  constructor(wide: boolean, little: boolean) {
    this.wide = wide;
    this.#little = little;
  }

  u16(view: DataView, at: number): number {
    return view.getUint16(at, this.#little);
  }

  u32(view: DataView, at: number): number {
    return view.getUint32(at, this.#little);
  }

  /** A word of the file's class. Inexact above 2^53, where no offset of a real file lies. */
  word(view: DataView, at: number): number {
    if (!this.wide) return this.u32(view, at);
    const high = this.u32(view, at + (this.#little ? 4 : 0));
    return high * 2 ** 32 + this.u32(view, at + (this.#little ? 0 : 4));
  }
}

/** Bytes up to the first NUL, each as one character. */
export function text(bytes: Uint8Array): string {
  let result = "";
  for (const byte of bytes) {
    if (byte === 0) break;
    result += String.fromCharCode(byte);
  }
  return result;
}
