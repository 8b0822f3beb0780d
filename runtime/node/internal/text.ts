/** TextEncoder and TextDecoder (WHATWG Encoding Standard), for UTF-8. */
import * as sys from "vz:sys";
import { codedError, invalidType } from "./errors.ts";
import { incompleteTail, joinBytes } from "./utf8.ts";

export class TextEncoder {
  readonly encoding = "utf-8";

  encode(text: string = ""): Uint8Array {
    return sys.utf8Encode(String(text));
  }

  /** Writes as many whole characters as `target` has room for. */
  encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
    const bytes = sys.utf8Encode(text);
    if (bytes.length <= target.length) {
      target.set(bytes);
      return { read: text.length, written: bytes.length };
    }
    const cut = bytes.subarray(0, target.length);
    const whole = cut.subarray(0, cut.length - incompleteTail(cut));
    target.set(whole);
    return { read: sys.utf8Decode(whole).length, written: whole.length };
  }
}

interface DecoderOptions {
  fatal?: boolean;
  ignoreBOM?: boolean;
}

const NOTHING = new Uint8Array(0);

export class TextDecoder {
  readonly encoding = "utf-8";
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  #rest = NOTHING;
  #begun = false;

  constructor(label: string = "utf-8", options: DecoderOptions = {}) {
    if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(String(label))) {
      const message = `The "${label}" encoding is not supported`;
      throw codedError(RangeError, "ERR_ENCODING_NOT_SUPPORTED", message);
    }
    this.fatal = options.fatal === true;
    this.ignoreBOM = options.ignoreBOM === true;
  }

  decode(input: unknown = NOTHING, options: { stream?: boolean } = {}): string {
    const bytes = joinBytes(this.#rest, bytesOf(input));
    const kept = options.stream === true ? incompleteTail(bytes) : 0;
    this.#rest = kept === 0 ? NOTHING : bytes.slice(bytes.length - kept);
    const whole = kept === 0 ? bytes : bytes.subarray(0, bytes.length - kept);
    let text = sys.utf8Decode(whole);
    if (this.fatal && text.includes("\ufffd") && !sameBytes(sys.utf8Encode(text), whole)) {
      this.#rest = NOTHING;
      this.#begun = false;
      const message = "The encoded data was not valid for encoding utf-8";
      throw codedError(TypeError, "ERR_ENCODING_INVALID_ENCODED_DATA", message);
    }
    if (!this.#begun && !this.ignoreBOM && text.startsWith("\ufeff")) text = text.slice(1);
    this.#begun = options.stream === true && (this.#begun || whole.length > 0);
    return text;
  }
}

function bytesOf(input: unknown): Uint8Array {
  if (input instanceof Uint8Array) return input;
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw invalidType("list", "an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView", input);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
