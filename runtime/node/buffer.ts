/** `node:buffer`: Node's Buffer as a subclass of Uint8Array. */
import { numberMethods } from "./internal/buffer-numbers.ts";
import { encodingMethods, matches, searched, writeText } from "./internal/buffer-text.ts";
import { decode, encode, encodedLength, encodingOf, findEncoding } from "./internal/encodings.ts";
import { codedError, invalidType, invalidValue, notOffered, outOfRange } from "./internal/errors.ts";

export const kMaxLength = 0x7fffffff;
export const constants = { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: 0x3fffffff };

/** The bundles of the roles have a copy of this module each: a Buffer is known by a mark, not by its class. */
const MARK = Symbol.for("vz.Buffer");
const SOURCES = "of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object";

function wrap(bytes: Uint8Array): Buffer {
  return Object.setPrototypeOf(bytes, Buffer.prototype);
}

function checkSize(size: unknown): number {
  if (typeof size !== "number") throw invalidType("size", "of type number", size);
  if (!(size >= 0 && size <= kMaxLength)) throw outOfRange("size", `>= 0 && <= ${kMaxLength}`, size);
  return size;
}

function isArrayLike(value: unknown): value is ArrayLike<number> {
  return typeof value === "object" && value !== null && "length" in value && typeof value.length === "number";
}

/** A position among `length`, counted from the end when negative. */
function position(value: unknown, absent: number, length: number): number {
  const number = value === undefined ? absent : Math.trunc(Number(value)) || 0;
  return Math.min(Math.max(number < 0 ? number + length : number, 0), length);
}

/** Bounds of toString: no counting from the end. */
function bound(value: unknown, absent: number, length: number): number {
  return value === undefined ? absent : Math.min(Math.max(Math.trunc(Number(value)) || 0, 0), length);
}

export class Buffer extends Uint8Array {
  static readonly poolSize = 8192;

  constructor(from: unknown, offset?: number, length?: number) {
    if (typeof from === "string") throw notOffered("new Buffer(string)");
    super(from as ArrayBuffer, offset, length);
  }

  static override from(value: unknown, second?: unknown, third?: unknown): Buffer {
    if (typeof value === "string") return wrap(encode(value, encodingOf(second)));
    if (value instanceof ArrayBuffer) {
      return new Buffer(value, Number(second ?? 0), third === undefined ? undefined : Number(third));
    }
    if (ArrayBuffer.isView(value) || Array.isArray(value))
      return wrap(new Uint8Array(value as ArrayLike<number>));
    if (typeof value === "object" && value !== null) {
      const primitive: unknown = value.valueOf();
      if (primitive !== value && primitive !== null && primitive !== undefined) {
        return Buffer.from(primitive, second, third);
      }
      if (isArrayLike(value)) return wrap(new Uint8Array(value));
      if ("type" in value && value.type === "Buffer" && "data" in value) return Buffer.from(value.data);
    }
    throw invalidType("first argument", SOURCES, value);
  }

  static alloc(size: number, fill?: unknown, encoding?: string): Buffer {
    const buffer = wrap(new Uint8Array(checkSize(size)));
    if (fill !== undefined && fill !== 0) buffer.fill(fill as string, encoding);
    return buffer;
  }

  static allocUnsafe(size: number): Buffer {
    return wrap(new Uint8Array(checkSize(size)));
  }

  static allocUnsafeSlow(size: number): Buffer {
    return Buffer.allocUnsafe(size);
  }

  static isBuffer(value: unknown): value is Buffer {
    return value instanceof Uint8Array && MARK in value;
  }

  static isEncoding(name: unknown): boolean {
    return findEncoding(name) !== undefined;
  }

  static byteLength(value: unknown, encoding?: unknown): number {
    if (typeof value === "string") return encodedLength(value, findEncoding(encoding) ?? "utf8");
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
    throw invalidType("string", "of type string or an instance of Buffer or ArrayBuffer", value);
  }

  static concat(list: readonly Uint8Array[], length?: number): Buffer {
    if (!Array.isArray(list)) throw invalidType("list", "an instance of Array", list);
    for (const [i, part] of list.entries()) {
      if (!(part instanceof Uint8Array))
        throw invalidType(`list[${i}]`, "an instance of Buffer or Uint8Array", part);
    }
    const whole = Buffer.alloc(length ?? list.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of list) {
      if (at >= whole.length) break;
      whole.set(part.length > whole.length - at ? part.subarray(0, whole.length - at) : part, at);
      at += part.length;
    }
    return whole;
  }

  static compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
    for (const [i, one] of [a, b].entries()) {
      if (!(one instanceof Uint8Array))
        throw invalidType(`buf${i + 1}`, "an instance of Buffer or Uint8Array", one);
    }
    const shorter = Math.min(a.length, b.length);
    for (let i = 0; i < shorter; i++) {
      const difference = (a[i] ?? 0) - (b[i] ?? 0);
      if (difference !== 0) return difference < 0 ? -1 : 1;
    }
    return a.length < b.length ? -1 : a.length > b.length ? 1 : 0;
  }

  override toString(encoding?: string, start?: number, end?: number): string {
    const from = bound(start, 0, this.length);
    const to = bound(end, this.length, this.length);
    return to <= from ? "" : decode(this, encodingOf(encoding), from, to);
  }

  toJSON(): { type: "Buffer"; data: number[] } {
    return { type: "Buffer", data: Array.from(this) };
  }

  /** Shares the memory, unlike Uint8Array's. */
  override slice(start?: number, end?: number): Buffer {
    return this.subarray(start, end) as Buffer;
  }

  equals(other: Uint8Array): boolean {
    if (!(other instanceof Uint8Array)) {
      throw invalidType("otherBuffer", "an instance of Buffer or Uint8Array", other);
    }
    return this.length === other.length && Buffer.compare(this, other) === 0;
  }

  compare(target: Uint8Array, from = 0, to = target.length, own = 0, ownEnd = this.length): -1 | 0 | 1 {
    return Buffer.compare(this.subarray(own, ownEnd), target.subarray(from, to));
  }

  /** Bytes copied; as many as there is room for. */
  copy(target: Uint8Array, at = 0, start = 0, end = this.length): number {
    if (!(target instanceof Uint8Array))
      throw invalidType("target", "an instance of Buffer or Uint8Array", target);
    if (at < 0) throw outOfRange("targetStart", ">= 0", at);
    if (start < 0 || start > this.length) throw outOfRange("sourceStart", `>= 0 && <= ${this.length}`, start);
    if (end < 0) throw outOfRange("sourceEnd", ">= 0", end);
    const count = Math.min(end - start, this.length - start, target.length - at);
    if (count <= 0) return 0;
    target.set(this.subarray(start, start + count), at);
    return count;
  }

  /** write(text), write(text, encoding), write(text, offset[, length][, encoding]) */
  write(text: string, offset?: number | string, length?: number | string, encoding?: string): number {
    if (typeof text !== "string")
      throw codedError(TypeError, "ERR_INVALID_ARG_TYPE", "argument must be a string");
    if (typeof offset === "string") return writeText(this, text, 0, this.length, encodingOf(offset));
    const at = offset ?? 0;
    if (at < 0 || at > this.length) throw outOfRange("offset", `>= 0 && <= ${this.length}`, at);
    const room = this.length - at;
    if (typeof length === "string") return writeText(this, text, at, room, encodingOf(length));
    if (length !== undefined && (length < 0 || length > this.length)) {
      throw outOfRange("length", `>= 0 && <= ${this.length}`, length);
    }
    return writeText(this, text, at, Math.min(room, length ?? room), encodingOf(encoding));
  }

  override fill(value: unknown, offset?: unknown, end?: unknown, encoding?: string): this {
    const name = typeof offset === "string" ? offset : typeof end === "string" ? end : encoding;
    const from = typeof offset === "number" ? offset : 0;
    const to = typeof end === "number" ? end : this.length;
    if (from < 0 || from > this.length) throw outOfRange("offset", `>= 0 && <= ${this.length}`, from);
    if (to < 0 || to > this.length) throw outOfRange("end", `>= 0 && <= ${this.length}`, to);
    if (typeof value !== "string" && !(value instanceof Uint8Array))
      return super.fill(Number(value) & 255, from, to);
    const pattern = typeof value === "string" ? encode(value, encodingOf(name)) : value;
    if (pattern.length === 0) {
      if (typeof value !== "string" || value !== "") throw invalidValue("value", value);
      return super.fill(0, from, to);
    }
    for (let at = from; at < to; at += pattern.length) this.set(pattern.subarray(0, to - at), at);
    return this;
  }

  override indexOf(value: unknown, from?: number | string, encoding?: string): number {
    const at = position(typeof from === "string" ? undefined : from, 0, this.length);
    if (typeof value === "number") return super.indexOf(value & 255, at);
    const wanted = searched(value, typeof from === "string" ? from : encoding);
    for (let i = at; i + wanted.length <= this.length; i++) if (matches(this, i, wanted)) return i;
    return -1;
  }

  override lastIndexOf(value: unknown, from?: number | string, encoding?: string): number {
    const at = position(typeof from === "string" ? undefined : from, this.length, this.length);
    if (typeof from === "number" && from < -this.length) return -1;
    if (typeof value === "number") return super.lastIndexOf(value & 255, at);
    const wanted = searched(value, typeof from === "string" ? from : encoding);
    for (let i = Math.min(at, this.length - wanted.length); i >= 0; i--)
      if (matches(this, i, wanted)) return i;
    return -1;
  }

  override includes(value: unknown, from?: number | string, encoding?: string): boolean {
    return this.indexOf(value, from, encoding) !== -1;
  }
}

for (const [name, value] of Object.entries({ ...numberMethods(), ...encodingMethods() })) {
  Object.defineProperty(Buffer.prototype, name, { value, writable: true, configurable: true });
}
Object.defineProperty(Buffer.prototype, "toLocaleString", { value: Buffer.prototype.toString });
// a bundler may have called it something else
Object.defineProperty(Buffer, "name", { value: "Buffer" });
Object.defineProperty(Buffer.prototype, MARK, { value: true });

export default { Buffer, constants, kMaxLength };
