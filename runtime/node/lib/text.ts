/** TextEncoder and TextDecoder for UTF-8. */
import * as sys from "vz:sys";

export class TextEncoder {
  readonly encoding = "utf-8";
  encode(text = ""): Uint8Array {
    return sys.utf8Encode(text);
  }
  /** Writes as many whole characters as `target` has room for. */
  encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
    let bytes = sys.utf8Encode(text);
    let read = text.length;
    if (bytes.length > target.length) {
      const cut = bytes.subarray(0, target.length);
      bytes = cut.subarray(0, cut.length - unfinished(cut));
      read = sys.utf8Decode(bytes).length;
    }
    target.set(bytes);
    return { read, written: bytes.length };
  }
}

/** Bytes at the end of `bytes` that begin a character and do not complete it (0 to 3). */
export function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

export class TextDecoder {
  readonly encoding = "utf-8";
  readonly fatal: boolean;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(encoding = "utf-8", options: { fatal?: boolean } = {}) {
    if (!/^(utf-?8|unicode-1-1-utf-8)$/i.test(encoding))
      throw new RangeError(`The "${encoding}" encoding is not supported`);
    this.fatal = options.fatal === true;
  }

  decode(input: Uint8Array = new Uint8Array(0), options: { stream?: boolean } = {}): string {
    const bytes = new Uint8Array(this.#rest.length + input.length);
    bytes.set(this.#rest);
    bytes.set(input, this.#rest.length);
    const keep = options.stream === true ? unfinished(bytes) : 0;
    this.#rest = bytes.slice(bytes.length - keep);
    const text = sys.utf8Decode(bytes, 0, bytes.length - keep);
    if (this.fatal && sys.utf8Encode(text).length !== bytes.length - keep)
      throw new TypeError("The encoded data was not valid");
    return text;
  }
}
