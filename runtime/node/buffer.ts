/**
 * `node:buffer`: the npm package, with its hot paths in C, and with the undocumented methods of Node's that ssh2 calls.
 */

import * as sys from "vz:sys";
import { Buffer as Base } from "buffer/index.js";

type Text =
  | "utf8"
  | "utf-8"
  | "latin1"
  | "binary"
  | "ascii"
  | "hex"
  | "base64"
  | "base64url"
  | "ucs2"
  | "utf16le";

const isUtf8 = (encoding: unknown) =>
  encoding === undefined || encoding === null || encoding === "utf8" || encoding === "utf-8";

/** Longest buffer, as the npm package has it for 32-bit engines. */
const kMaxLength = 0x7fffffff;

const proto = Base.prototype as unknown as Record<string, unknown> & {
  toString: typeof Base.prototype.toString;
};
const plain = {
  toString: proto.toString,
  write: Base.prototype.write,
  from: Base.from,
  byteLength: Base.byteLength,
};

function wrap(bytes: Uint8Array): Base {
  return plain.from.call(Base, bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length) as Base;
}

function patch(): typeof Base {
  proto.toString = function (this: Base, encoding?: Text, start = 0, end = this.length): string {
    if (isUtf8(encoding)) return sys.utf8Decode(this, Math.max(0, start), Math.max(0, end));
    if (encoding === "latin1" || encoding === "binary")
      return sys.latin1Decode(this, Math.max(0, start), Math.max(0, end));
    if (encoding === "base64url")
      return plain.toString
        .call(this, "base64", start, end)
        .replace(/=+$/, "")
        .replaceAll("+", "-")
        .replaceAll("/", "_");
    return plain.toString.call(this, encoding, start, end);
  } as typeof Base.prototype.toString;
  Base.from = ((value: unknown, encoding?: unknown, length?: unknown) =>
    typeof value === "string" && isUtf8(encoding)
      ? wrap(sys.utf8Encode(value))
      : (plain.from as (...args: unknown[]) => Base).call(Base, value, encoding, length)) as typeof Base.from;
  Base.byteLength = (value, encoding) =>
    typeof value === "string" && isUtf8(encoding)
      ? sys.utf8Encode(value).length
      : plain.byteLength.call(Base, value, encoding);
  for (const [name, encoding] of Object.entries({
    utf8: "utf8",
    latin1: "latin1",
    hex: "hex",
    ascii: "ascii",
    base64: "base64",
  })) {
    proto[`${name}Slice`] = function (this: Base, start?: number, end?: number) {
      return this.toString(encoding as Text, start, end);
    };
    proto[`${name}Write`] = function (this: Base, text: string, offset = 0, length = this.length - offset) {
      return plain.write.call(this, text, offset, length, encoding);
    };
  }
  return Base;
}

export const Buffer = /* @__PURE__ */ patch();
export type Buffer = Base;
export const constants = { MAX_LENGTH: kMaxLength };
export default { Buffer, constants, kMaxLength };
export { kMaxLength };
