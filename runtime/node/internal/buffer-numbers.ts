/** Buffer's readUInt32BE and the like, made for every width and byte order from one description. */
import { codedError, invalidType, outOfRange } from "./errors.ts";

const MAX_BYTES = 6;

function checkOffset(bytes: Uint8Array, offset: unknown, width: number): number {
  if (typeof offset !== "number") throw invalidType("offset", "of type number", offset);
  const last = bytes.length - width;
  if (Number.isInteger(offset) && offset >= 0 && offset <= last) return offset;
  if (!Number.isInteger(offset)) throw outOfRange("offset", "an integer", offset);
  if (last < 0) {
    throw codedError(
      RangeError,
      "ERR_BUFFER_OUT_OF_BOUNDS",
      "Attempt to access memory outside buffer bounds",
    );
  }
  throw outOfRange("offset", `>= 0 and <= ${last}`, offset);
}

function checkWidth(width: unknown): number {
  if (typeof width !== "number") throw invalidType("byteLength", "of type number", width);
  if (!Number.isInteger(width)) throw outOfRange("byteLength", "an integer", width);
  if (width < 1 || width > MAX_BYTES) throw outOfRange("byteLength", `>= 1 and <= ${MAX_BYTES}`, width);
  return width;
}

function readNumber(bytes: Uint8Array, at: number, width: number, little: boolean, signed: boolean): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[little ? at + width - 1 - i : at + i] ?? 0);
  return signed && value >= 2 ** (8 * width - 1) ? value - 2 ** (8 * width) : value;
}

function rangeText(width: number, signed: boolean): string {
  if (width <= 4)
    return `>= ${signed ? -(2 ** (8 * width - 1)) : 0} and <= ${2 ** (8 * width - (signed ? 1 : 0)) - 1}`;
  return signed ? `>= -(2 ** ${8 * width - 1}) and < 2 ** ${8 * width - 1}` : `>= 0 and < 2 ** ${8 * width}`;
}

function checkValue(value: unknown, width: number, signed: boolean): number {
  const number = Number(value);
  const low = signed ? -(2 ** (8 * width - 1)) : 0;
  const high = 2 ** (8 * width - (signed ? 1 : 0)) - 1;
  if (number < low || number > high) throw outOfRange("value", rangeText(width, signed), value);
  return Math.trunc(number) || 0;
}

function writeNumber(bytes: Uint8Array, value: number, at: number, width: number, little: boolean): number {
  let rest = value < 0 ? value + 2 ** (8 * width) : value;
  for (let i = 0; i < width; i++) {
    bytes[little ? at + i : at + width - 1 - i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return at + width;
}

type Methods = Record<string, (this: Uint8Array, ...args: never[]) => unknown>;

/** readUInt16LE, writeInt8 …: `width` bytes each, or any number of bytes where it is 0. */
function integerMethods(width: number, little: boolean, signed: boolean): Methods {
  const name = `${signed ? "Int" : "UInt"}${width === 0 ? "" : 8 * width}${width === 1 ? "" : little ? "LE" : "BE"}`;
  const methods: Methods =
    width === 0
      ? {
          [`read${name}`](offset: number, byteLength: number) {
            const size = checkWidth(byteLength);
            return readNumber(this, checkOffset(this, offset, size), size, little, signed);
          },
          [`write${name}`](value: number, offset: number, byteLength: number) {
            const size = checkWidth(byteLength);
            const number = checkValue(value, size, signed);
            return writeNumber(this, number, checkOffset(this, offset, size), size, little);
          },
        }
      : {
          [`read${name}`](offset: number = 0) {
            return readNumber(this, checkOffset(this, offset, width), width, little, signed);
          },
          [`write${name}`](value: number, offset: number = 0) {
            const number = checkValue(value, width, signed);
            return writeNumber(this, number, checkOffset(this, offset, width), width, little);
          },
        };
  return methods;
}

/** readDoubleBE, writeBigUInt64LE …: by DataView's own methods. */
function viewMethods(name: string, kind: "Float64" | "Float32" | "BigInt64" | "BigUint64"): Methods {
  const width = kind === "Float32" ? 4 : 8;
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const methods: Methods = {};
  for (const little of [true, false]) {
    const order = little ? "LE" : "BE";
    methods[`read${name}${order}`] = function (offset: number = 0) {
      return view(this)[`get${kind}`](checkOffset(this, offset, width), little);
    };
    methods[`write${name}${order}`] = function (value: number | bigint, offset: number = 0) {
      const at = checkOffset(this, offset, width);
      if (kind === "Float32" || kind === "Float64") view(this)[`set${kind}`](at, Number(value), little);
      else view(this)[`set${kind}`](at, checkBig(value, kind === "BigInt64"), little);
      return at + width;
    };
  }
  return methods;
}

function checkBig(value: unknown, signed: boolean): bigint {
  if (typeof value !== "bigint") throw invalidType("value", "of type bigint", value);
  const low = signed ? -(2n ** 63n) : 0n;
  const high = signed ? 2n ** 63n : 2n ** 64n;
  if (value >= low && value < high) return value;
  const range = signed ? ">= -(2n ** 63n) and < 2n ** 63n" : ">= 0n and < 2n ** 64n";
  throw outOfRange("value", range, value);
}

/** All of them; Node also spells UInt as Uint. */
export function numberMethods(): Methods {
  const methods: Methods = {
    ...viewMethods("Double", "Float64"),
    ...viewMethods("Float", "Float32"),
    ...viewMethods("BigInt64", "BigInt64"),
    ...viewMethods("BigUInt64", "BigUint64"),
  };
  for (const width of [0, 1, 2, 4]) {
    for (const signed of [true, false]) {
      Object.assign(methods, integerMethods(width, true, signed), integerMethods(width, false, signed));
    }
  }
  for (const [name, method] of Object.entries(methods)) methods[name.replace("UInt", "Uint")] = method;
  return methods;
}
