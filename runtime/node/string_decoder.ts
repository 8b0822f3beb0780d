/** `node:string_decoder`: text from bytes that come in pieces. */
import { decode, type Encoding, encodingOf } from "./internal/encodings.ts";
import { incompleteTail, joinBytes } from "./internal/utf8.ts";

const NOTHING = new Uint8Array(0);

/** Length of the tail that waits for more bytes. */
function tailOf(bytes: Uint8Array, encoding: Encoding): number {
  switch (encoding) {
    case "utf8":
      return incompleteTail(bytes);
    case "base64":
    case "base64url":
      return bytes.length % 3;
    case "utf16le": {
      const odd = bytes.length % 2;
      const high = bytes[bytes.length - odd - 1] ?? 0;
      // a high surrogate waits for its other half
      return bytes.length - odd >= 2 && high >= 0xd8 && high <= 0xdb ? odd + 2 : odd;
    }
    default:
      return 0;
  }
}

export class StringDecoder {
  readonly encoding: Encoding;
  #rest: Uint8Array = NOTHING;

  constructor(encoding?: string) {
    this.encoding = encodingOf(encoding);
  }

  write(chunk: Uint8Array | string): string {
    if (typeof chunk === "string") return chunk;
    const bytes = joinBytes(this.#rest, chunk);
    const tail = tailOf(bytes, this.encoding);
    this.#rest = tail === 0 ? NOTHING : Uint8Array.prototype.slice.call(bytes, bytes.length - tail);
    return decode(bytes, this.encoding, 0, bytes.length - tail);
  }

  end(chunk?: Uint8Array | string): string {
    const text = chunk === undefined ? "" : this.write(chunk);
    const rest = this.#rest;
    this.#rest = NOTHING;
    return text + decode(rest, this.encoding, 0, rest.length);
  }
}

export default { StringDecoder };
