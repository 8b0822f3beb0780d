/** `node:zlib`: gzip, zlib and raw deflate, whole and as streams; zstd as streams. */
import * as sys from "vz:sys";
import { Buffer } from "./buffer.ts";
import { checkOptions, codedError, outOfRange } from "./internal/errors.ts";
import { dataBytes } from "./internal/fs-args.ts";
import { zstdConstants } from "./internal/zstd.ts";
import { Transform } from "./stream.ts";

export { createZstdCompress, createZstdDecompress } from "./internal/zstd.ts";

export const constants = {
  ...zstdConstants,
  Z_NO_COMPRESSION: 0,
  Z_BEST_SPEED: 1,
  Z_BEST_COMPRESSION: 9,
  Z_DEFAULT_COMPRESSION: -1,
} as const;

interface PackOptions {
  level?: number | undefined;
}

interface UnpackOptions {
  /** Bytes of output above which the input is refused. */
  maxOutputLength?: number | undefined;
}

type Format = "gzip" | "zlib" | "raw";
type ReadFormat = Format | "auto";
type Data = string | ArrayBufferView;

const NOTHING = new Uint8Array(0);
/** Unpacked in pieces of this many bytes, each of which becomes 1032 times as many at most. */
const PIECE = 16_384;

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function levelOf(options: PackOptions): number {
  const { level = constants.Z_DEFAULT_COMPRESSION } = options;
  if (!Number.isInteger(level) || level < -1 || level > 9) {
    throw outOfRange("options.level", ">= -1 and <= 9", level);
  }
  return level;
}

function pack(name: string, format: Format, data: Data, options: PackOptions = {}): Buffer {
  checkOptions(`zlib.${name}`, options, ["level"]);
  return bufferOf(new sys.Deflate(format, levelOf(options)).push(dataBytes(data, "utf8"), true));
}

function unpack(name: string, format: ReadFormat, data: Data, options: UnpackOptions = {}): Buffer {
  checkOptions(`zlib.${name}`, options, ["maxOutputLength"]);
  const { maxOutputLength = Number.POSITIVE_INFINITY } = options;
  const bytes = dataBytes(data, "utf8");
  const inflate = new sys.Inflate(format);
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let at = 0; at < bytes.length; at += PIECE) {
    const part = inflate.push(bytes.subarray(at, at + PIECE));
    size += part.length;
    if (size > maxOutputLength) {
      const message = `Cannot create a Buffer larger than ${maxOutputLength} bytes`;
      throw codedError(RangeError, "ERR_BUFFER_TOO_LARGE", message);
    }
    parts.push(part);
  }
  inflate.finish();
  return Buffer.concat(parts);
}

export function gzipSync(data: Data, options?: PackOptions): Buffer {
  return pack("gzipSync", "gzip", data, options);
}

export function deflateSync(data: Data, options?: PackOptions): Buffer {
  return pack("deflateSync", "zlib", data, options);
}

export function deflateRawSync(data: Data, options?: PackOptions): Buffer {
  return pack("deflateRawSync", "raw", data, options);
}

export function gunzipSync(data: Data, options?: UnpackOptions): Buffer {
  return unpack("gunzipSync", "gzip", data, options);
}

export function inflateSync(data: Data, options?: UnpackOptions): Buffer {
  return unpack("inflateSync", "zlib", data, options);
}

export function inflateRawSync(data: Data, options?: UnpackOptions): Buffer {
  return unpack("inflateRawSync", "raw", data, options);
}

/** Either of gzip and zlib, told by the header. */
export function unzipSync(data: Data, options?: UnpackOptions): Buffer {
  return unpack("unzipSync", "auto", data, options);
}

export function createGzip(options: PackOptions = {}): Transform {
  checkOptions("zlib.createGzip", options, ["level"]);
  const deflate = new sys.Deflate("gzip", levelOf(options));
  return new Transform({
    transform(chunk, _encoding, done) {
      const out = deflate.push(chunk, false);
      done(null, out.length > 0 ? bufferOf(out) : undefined);
    },
    flush(done) {
      done(null, bufferOf(deflate.push(NOTHING, true)));
    },
  });
}

export function createGunzip(options: object = {}): Transform {
  checkOptions("zlib.createGunzip", options, []);
  const inflate = new sys.Inflate("gzip");
  return new Transform({
    transform(chunk, _encoding, done) {
      try {
        for (let at = 0; at < chunk.length; at += PIECE) {
          const out = inflate.push(chunk.subarray(at, at + PIECE));
          if (out.length > 0) (this as Transform).push(bufferOf(out));
        }
      } catch (error) {
        done(error);
        return;
      }
      done();
    },
    flush(done) {
      try {
        inflate.finish();
      } catch (error) {
        done(error);
        return;
      }
      done();
    },
  });
}
