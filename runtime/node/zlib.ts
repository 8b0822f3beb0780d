/** `node:zlib`: gzip and zlib, whole and as streams. */
import * as sys from "vz:sys";
import { Buffer } from "./buffer.ts";
import { Transform } from "./stream.ts";

interface Options {
  /** 0 to 9; -1 for zlib's default. */
  level?: number;
}

const bytesOf = (data: string | Uint8Array) => (typeof data === "string" ? sys.utf8Encode(data) : data);
const wrap = (bytes: Uint8Array) => Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);

function pack(format: "gzip" | "zlib" | "raw", data: string | Uint8Array, options: Options = {}): Buffer {
  return wrap(new sys.Deflate(format, options.level ?? -1).push(bytesOf(data), true));
}

function unpack(format: "auto" | "raw", data: Uint8Array): Buffer {
  const inflate = new sys.Inflate(format);
  const out = inflate.push(data);
  inflate.finish();
  return wrap(out);
}

export const gzipSync = (data: string | Uint8Array, options?: Options) => pack("gzip", data, options);
export const deflateSync = (data: string | Uint8Array, options?: Options) => pack("zlib", data, options);
export const deflateRawSync = (data: string | Uint8Array, options?: Options) => pack("raw", data, options);
export const gunzipSync = (data: Uint8Array) => unpack("auto", data);
export const unzipSync = (data: Uint8Array) => unpack("auto", data);
export const inflateSync = (data: Uint8Array) => unpack("auto", data);
export const inflateRawSync = (data: Uint8Array) => unpack("raw", data);

export function createGzip(options: Options = {}): Transform {
  const deflate = new sys.Deflate("gzip", options.level ?? -1);
  return new Transform({
    transform(chunk, _encoding, callback) {
      const out = deflate.push(chunk, false);
      callback(null, out.length > 0 ? wrap(out) : undefined);
    },
    flush(callback) {
      callback(null, wrap(deflate.push(new Uint8Array(0), true)));
    },
  });
}

export function createGunzip(): Transform {
  const inflate = new sys.Inflate("auto");
  return new Transform({
    transform(chunk, _encoding, callback) {
      try {
        /* slices: a few bytes may unpack to very many */
        for (let at = 0; at < chunk.length; at += 4096) {
          const out = inflate.push(chunk.subarray(at, at + 4096));
          if (out.length > 0) this.push(wrap(out));
        }
        callback(null);
      } catch (error) {
        callback(error as Error);
      }
    },
    flush(callback) {
      try {
        inflate.finish();
        callback(null);
      } catch (error) {
        callback(error as Error);
      }
    },
  });
}

export const constants = { Z_DEFAULT_COMPRESSION: -1, Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9 };
