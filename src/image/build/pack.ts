/** Writes the tarball of an image, whose manifest is already known. */
import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Duplex } from "node:stream";
import { createGzip } from "node:zlib";
import { pack as createPack, type Pack } from "tar-stream";
import type { Progress } from "../../common/command/progress.ts";
import { startSha256 } from "../../common/digest.ts";
import { Status, VzError } from "../../common/errors.ts";
import { type Compression, drained, pump } from "../../common/image/archive.ts";
import { archiveName } from "../../common/image/file-names.ts";
import {
  CONFIG_NAME,
  type Entry,
  type FileEntry,
  MANIFEST_NAME,
  type Manifest,
} from "../../common/image/manifest.ts";
import { headerFields } from "../../common/image/tar-header.ts";
import { changed } from "./scan.ts";
import { writeWhole } from "./write-file.ts";

/** The bytes of a file: all of a file by its name, or some of an open one. */
export type Source = string | { readonly fd: number; readonly offset: number };

export interface Content {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly configBytes: Uint8Array;
  /** Where the bytes of a file of the root filesystem are. */
  fileOf(entry: FileEntry): Source;
  /** The time in every header, seconds since the epoch. */
  readonly created: number;
  readonly progress: Progress | undefined;
}

const CHUNK = 64 * 1024;

/** @throws VzError 64 for a name that ends in none of .tar, .tar.gz and .tar.zst */
export function compressionByName(file: string): Compression {
  if (file.endsWith(".tar")) return "none";
  if (file.endsWith(".tar.gz")) return "gzip";
  if (file.endsWith(".tar.zst")) return "zstd";
  throw new VzError(Status.usage, `${file}: not the name of an image`, {
    hint: "call it NAME.tar, NAME.tar.gz or NAME.tar.zst",
  });
}

/** @returns the length of the file that was written */
export async function writeImageFile(
  outFile: string,
  compression: Compression,
  content: Content,
): Promise<number> {
  const pack = createPack();
  const filling = fill(pack, content).catch((error: unknown) => {
    pack.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    return await writeWhole(outFile, compression === "none" ? bytesOf(pack) : packed(pack, compression));
  } finally {
    pack.destroy();
    await filling;
    content.progress?.end();
  }
}

async function* bytesOf(pack: Pack): AsyncGenerator<Uint8Array> {
  for await (const chunk of pack) {
    if (chunk instanceof Uint8Array) yield chunk;
  }
}

async function* packed(pack: Pack, compression: "gzip" | "zstd"): AsyncGenerator<Uint8Array> {
  // Neither a name nor a time goes into gzip's header, so that equal input gives equal bytes.
  const packer: Duplex =
    compression === "gzip" ? createGzip() : (await import("../../common/image/zstd.ts")).createCompress();
  const feeding = pump(bytesOf(pack), packer);
  try {
    yield* packer;
  } finally {
    packer.destroy();
    await feeding;
  }
}

async function fill(pack: Pack, content: Content): Promise<void> {
  const mtime = new Date(content.created * 1000);
  const { files, totals } = content.manifest;
  await addBytes(pack, MANIFEST_NAME, content.manifestBytes, mtime);
  let done = 0;
  for (const entry of files) {
    if (entry.path === CONFIG_NAME) {
      await addBytes(pack, CONFIG_NAME, content.configBytes, mtime);
    } else if (entry.type === "file") {
      await addFile(pack, entry, content.fileOf(entry), mtime);
      done += entry.size;
      content.progress?.update(done, totals.bytes);
    } else {
      await settled((callback) => pack.entry(headerOf(entry, mtime), callback));
    }
  }
  pack.finalize();
}

function addBytes(pack: Pack, name: string, bytes: Uint8Array, mtime: Date): Promise<void> {
  const header = { name, type: "file" as const, mode: 0o644, size: bytes.length, mtime };
  return settled((callback) => pack.entry(header, Buffer.from(bytes), callback));
}

type Sink = ReturnType<Pack["entry"]>;

/** Resolves once the member that `start` begins is in the archive; rejects for its sink's errors, too. */
function settled(start: (callback: (error?: Error | null) => void) => Sink): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve())).on("error", reject);
  });
}

function headerOf(entry: Entry, mtime: Date) {
  const { type, compared, pax } = headerFields(entry);
  // tar-stream takes mode 0 for none and puts its default; the bit above the permissions, which it drops, prevents that.
  const mode = entry.mode | 0o100000;
  const header = { ...compared, name: archiveName(entry.path), type, mode, mtime };
  return pax === undefined ? header : { ...header, pax };
}

/** Adds a file, and checks that it is still what the manifest says. */
async function addFile(pack: Pack, entry: FileEntry, source: Source, mtime: Date): Promise<void> {
  const isNamed = typeof source === "string";
  const fd = isNamed
    ? openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    : source.fd;
  try {
    await settled((callback) => {
      const sink = pack.entry(headerOf(entry, mtime), callback);
      copyFile(fd, isNamed ? 0 : source.offset, entry, sink).then(
        () => sink.end(null),
        (error: Error) => sink.destroy(error),
      );
      return sink;
    });
  } finally {
    if (isNamed) closeSync(fd);
  }
}

async function copyFile(fd: number, offset: number, entry: FileEntry, sink: Sink): Promise<void> {
  const hash = startSha256();
  let left = entry.size;
  while (left > 0) {
    // A fresh buffer each time: the pack keeps it until it is written.
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, left));
    const count = readSync(fd, chunk, 0, chunk.length, offset + entry.size - left);
    if (count === 0) break;
    left -= count;
    const bytes = chunk.subarray(0, count);
    hash.update(bytes);
    if (!sink.write(bytes)) await drained(sink);
  }
  if (left > 0 || hash.digest("hex") !== entry.sha256) throw changed(entry.path);
}
