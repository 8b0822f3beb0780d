/** The bytes of an image's tarball: which compression it has, by its first bytes and never by its name. */
import { fstatSync, readSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { Status, VzError } from "../errors.ts";
import { formatBytes } from "../table.ts";

const CHUNK = 64 * 1024;
/** Packed bytes that are unpacked at once: they may become a thousand times as many, all in memory. */
const PACKED_CHUNK = 4 * 1024;
/** deflate cannot make more than this of one byte (zlib's technical notes: 1032), with room for rounding. */
const MAX_INFLATION = 1040;

/** An image that is open for reading; its descriptor's position is at the start. */
export interface OpenImage {
  readonly fd: number;
  /** Names the image in errors. */
  readonly label: string;
}

export interface Archive {
  readonly compression: "none" | "gzip";
  /** Bytes of the file as it lies on disk. */
  readonly size: number;
  /** The tarball's bytes. @throws VzError 65 for damaged compression */
  chunks(onRead: (done: number) => void): AsyncIterable<Uint8Array>;
}

export function openArchive({ fd, label }: OpenImage): Archive {
  const size = Number(fstatSync(fd).size);
  const start = new Uint8Array(6);
  const compression = compressionOf(start.subarray(0, readSync(fd, start, 0, start.length, 0)), label);
  return {
    compression,
    size,
    chunks(onRead) {
      const stored = storedChunks(fd, compression === "gzip" ? PACKED_CHUNK : CHUNK, onRead);
      return compression === "gzip" ? inflate(stored, label) : stored;
    },
  };
}

/** The most bytes that `archive` can turn out to hold. */
export function mostBytes(archive: Archive): number {
  return archive.compression === "gzip" ? archive.size * MAX_INFLATION : archive.size;
}

/** @throws VzError 65 for a manifest that claims what cannot be in the file: before anything is made ready for it. */
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

function compressionOf(start: Uint8Array, label: string): "none" | "gzip" {
  const found = MAGICS.find(([, magic]) => magic.every((byte, i) => start[i] === byte))?.[0];
  if (found === undefined) return "none";
  if (found === "gzip") return found;
  throw new VzError(Status.badData, `${label}: ${found} compression cannot be read yet`, {
    hint: "an image is a .tar or a .tar.gz",
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

async function* inflate(stored: AsyncIterable<Uint8Array>, label: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const feeding = pump(stored, gunzip);
  try {
    yield* gunzip;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const why = code === "Z_BUF_ERROR" ? "ends too early" : "is damaged";
    throw new VzError(Status.badData, `${label}: the compressed data ${why}`, { cause });
  } finally {
    gunzip.destroy();
    await feeding;
  }
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
