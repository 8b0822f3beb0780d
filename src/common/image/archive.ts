/** The bytes of an image's tarball: which compression it has, by its first bytes and never by its name. */
import { fstatSync, readSync } from "node:fs";
import type { Duplex } from "node:stream";
import { createGunzip } from "node:zlib";
import { formatBytes } from "../command/table.ts";
import { Status, VzError } from "../errors.ts";

const CHUNK = 64 * 1024;
/** Packed bytes that are unpacked at once: they may become a thousand times as many, all in memory. */
const PACKED_CHUNK = 4 * 1024;
export type Compression = "none" | "gzip" | "zstd";

/**
 * What a byte can become at most. deflate: zlib's technical notes say 1032; here is room for rounding. zstd: a block of four
 * bytes stands for 128 KB (RFC 8878, 3.1.1.2).
 */
const MAX_INFLATION = { none: 1, gzip: 1040, zstd: 32 * 1024 } as const;

/**
 * Base-two logarithms of the memory that zstd may ask for. For images 8 MB, which RFC 8878 wants every decoder to have (3.1.1.1.2)
 * and a slave can spare; `zstd -19` needs no more. Elsewhere 128 MB, as zstd(1) itself gives without --long.
 */
const IMAGE_WINDOW = 23;
export const LARGE_WINDOW = 27;

/** An image that is open for reading; its descriptor's position is at the start. */
export interface OpenImage {
  readonly fd: number;
  /** Names the image in errors. */
  readonly label: string;
}

export interface Archive {
  readonly compression: Compression;
  /** Bytes of the file as it lies on disk. */
  readonly size: number;
  /** The tarball's bytes. @throws VzError 65 for damaged compression */
  chunks(onRead: (done: number) => void): AsyncIterable<Uint8Array>;
}

/** @param window memory that zstd may ask for, as a base-two logarithm */
export function openArchive({ fd, label }: OpenImage, window: number = IMAGE_WINDOW): Archive {
  const size = Number(fstatSync(fd).size);
  const start = new Uint8Array(6);
  const compression = compressionOf(start.subarray(0, readSync(fd, start, 0, start.length, 0)), label);
  return {
    compression,
    size,
    chunks(onRead) {
      if (compression === "none") return storedChunks(fd, CHUNK, onRead);
      // gzip unpacks a whole piece into memory; zstd gives its output piece by piece
      const step = compression === "gzip" ? PACKED_CHUNK : CHUNK;
      return unpack(storedChunks(fd, step, onRead), compression, label, window);
    },
  };
}

/** The most bytes that `archive` can turn out to hold. */
function mostBytes(archive: Archive): number {
  return archive.size * MAX_INFLATION[archive.compression];
}

/** Refuses a manifest that claims more bytes than the file can hold, before room is made for them. @throws VzError 65 */
export function refuseHugeClaim(archive: Archive, claimed: number, label: string): void {
  if (claimed <= mostBytes(archive)) return;
  const claim = `claims ${formatBytes(claimed)} of files`;
  throw new VzError(Status.badData, `${label}: ${claim}, but is ${formatBytes(archive.size)} long`);
}

const MAGICS: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

/** Frames that zstd passes over, and that may come first (RFC 8878, 3.1.2). */
function isSkippable([first = 0, ...rest]: Uint8Array): boolean {
  return first >> 4 === 5 && [0x2a, 0x4d, 0x18].every((byte, i) => rest[i] === byte);
}

function compressionOf(start: Uint8Array, label: string): Compression {
  if (isSkippable(start)) return "zstd";
  const found = MAGICS.find(([, magic]) => magic.every((byte, i) => start[i] === byte))?.[0];
  if (found === undefined) return "none";
  if (found === "gzip" || found === "zstd") return found;
  throw new VzError(Status.badData, `${label}: ${found} compression is not read`, {
    hint: "an image is a .tar, a .tar.gz or a .tar.zst",
  });
}

/** A fresh buffer for each read, since the readers behind keep parts of it. */
async function* storedChunks(
  fd: number,
  step: number,
  onRead: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK);
    const count = readSync(fd, buffer, 0, buffer.length, done);
    if (count === 0) return;
    done += count;
    onRead(done);
    for (let at = 0; at < count; at += step) yield buffer.subarray(at, Math.min(count, at + step));
  }
}

async function* unpack(
  stored: AsyncIterable<Uint8Array>,
  compression: "gzip" | "zstd",
  label: string,
  window: number,
): AsyncGenerator<Uint8Array> {
  const unpacker: Duplex =
    compression === "gzip" ? createGunzip() : (await import("./zstd.ts")).createDecompress(window);
  const feeding = pump(stored, unpacker);
  try {
    yield* unpacker;
  } catch (cause) {
    throw unreadable(cause, label, window);
  } finally {
    unpacker.destroy();
    await feeding;
  }
}

function unreadable(cause: unknown, label: string, window: number): VzError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ZSTD_error_frameParameter_windowTooLarge") {
    const most = formatBytes(2 ** window);
    return new VzError(Status.badData, `${label}: more than ${most} of memory would be needed to unpack it`, {
      cause,
      hint: "pack it without --long and --ultra",
    });
  }
  const why = code === "Z_BUF_ERROR" ? "ends too early" : "is damaged";
  return new VzError(Status.badData, `${label}: the compressed data ${why}`, { cause });
}

interface Sink {
  readonly destroyed: boolean;
  write(chunk: Uint8Array): boolean;
  end(data: null): unknown;
  destroy(error?: Error): unknown;
  once(event: "drain" | "close", listener: () => void): unknown;
  removeListener(event: "drain" | "close", listener: () => void): unknown;
}

/** Writes all of `chunks` to `sink`, never faster than it takes them. An error of `chunks` destroys `sink` with it. */
export async function pump(chunks: AsyncIterable<Uint8Array>, sink: Sink): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (sink.destroyed) return;
      if (!sink.write(chunk)) await drained(sink);
    }
    sink.end(null);
  } catch (error) {
    sink.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Resolves once `sink` takes more, or is gone. */
export function drained(sink: Pick<Sink, "destroyed" | "once" | "removeListener">): Promise<void> {
  if (sink.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      sink.removeListener("drain", done);
      sink.removeListener("close", done);
      resolve();
    };
    sink.once("drain", done);
    sink.once("close", done);
  });
}
