/**
 * Writes an image of vz for other tools: as the archive of an OCI image layout, or as what `docker save` writes. Both hold
 * one layer. The bytes depend on the image and the options alone.
 */
import { createGzip } from "node:zlib";
import type { Progress } from "../../common/command/progress.ts";
import { startSha256 } from "../../common/digest.ts";
import { Status, VzError } from "../../common/errors.ts";
import { type OpenImage, pump } from "../../common/image/archive.ts";
import { CONFIG_NAME, type Entry, ROOTFS_NAME, shown } from "../../common/image/manifest.ts";
import type { ImageHead } from "../../common/image/read.ts";
import { verifyImage } from "../../common/image/verify.ts";
import { checkOutput, writeWhole } from "../build/write-file.ts";
import type { Stretch } from "../layers/layer-member.ts";
import { chunksOf, Spool } from "../layers/layer-spool.ts";
import { END, fileHeader, headerTime, memberHeader, padding } from "../layers/layer-write.ts";
import { dockerFiles } from "./docker-write.ts";
import { layoutFiles } from "./oci-write.ts";

export interface ExportOptions {
  readonly format: "oci" | "docker";
  /** Of the layer. */
  readonly compression: "gzip" | "none";
  /** What other tools are to call the image. */
  readonly tag: string | undefined;
  readonly progress: Progress | undefined;
}

/** What the files around a layer are made of. */
export interface Exported {
  readonly head: ImageHead;
  /** The text of config.json. */
  readonly config: string;
  readonly layer: Layer;
  readonly tag: string | undefined;
}
export interface Layer {
  readonly content: Stretch;
  readonly isCompressed: boolean;
  /** SHA-256 of the layer as it is stored; hexadecimal. */
  readonly digest: string;
  /** SHA-256 of the layer without its compression; hexadecimal. */
  readonly diffId: string;
}
/** A file of the archive. */
export type ArchiveFile = readonly [name: string, content: Uint8Array | Stretch];

/**
 * Writes `outFile`, which appears only when it is whole.
 * @returns the image, and the length of the file
 * @throws VzError 65 for an image that is damaged, or that no layer can hold
 */
export async function exportImage(
  image: OpenImage,
  outFile: string,
  { format, compression, tag, progress }: ExportOptions,
): Promise<{ head: ImageHead; bytes: number }> {
  checkOutput(outFile, image.label);
  const plain = new Spool(outFile);
  const packed = new Spool(outFile);
  try {
    const { head, config, diffId } = await spoolLayer(image, plain, progress);
    const digest = compression === "none" ? diffId : await compress(plain.since(0), packed);
    const content = compression === "none" ? plain.since(0) : packed.since(0);
    const exported = {
      head,
      config,
      tag,
      layer: { content, digest, diffId, isCompressed: compression === "gzip" },
    };
    const files = format === "oci" ? layoutFiles(exported) : dockerFiles(exported);
    const bytes = await writeWhole(outFile, archive(files, headerTime(head.manifest.created)));
    return { head, bytes };
  } finally {
    plain.close();
    packed.close();
  }
}

/** Writes the root filesystem as a layer, and so checks all of the image. */
async function spoolLayer(image: OpenImage, layer: Spool, progress: Progress | undefined) {
  const hash = startSha256();
  const append = (chunk: Uint8Array) => {
    hash.update(chunk);
    layer.append(chunk);
  };
  const config: Uint8Array[] = [];
  let mtime = 0;
  const head = await verifyImage(
    image,
    {
      head(read) {
        mtime = headerTime(read.manifest.created);
      },
      begin(entry) {
        if (entry.path !== CONFIG_NAME) append(memberHeader(entry, nameInLayer(entry, image.label), mtime));
      },
      data(entry, chunk) {
        if (entry.path === CONFIG_NAME) config.push(chunk);
        else append(chunk);
      },
      end(entry) {
        if (entry.type === "file" && entry.path !== CONFIG_NAME) append(padding(entry.size));
      },
    },
    progress,
  );
  append(END);
  return { head, config: Buffer.concat(config).toString("utf8"), diffId: hash.digest("hex") };
}

/** "./" for the root filesystem itself, as other tools have it. */
function nameInLayer({ path, type }: Entry, label: string): string {
  const name = path.slice(ROOTFS_NAME.length + 1);
  if (/(^|\/)\.wh\./.test(name))
    throw new VzError(
      Status.badData,
      `${label}: ${shown(path)}: a layer cannot hold a name that begins with .wh.`,
    );
  if (type === "directory") return name === "" ? "./" : `${name}/`;
  return name;
}

/** @returns SHA-256 of what was written, hexadecimal */
async function compress(layer: Stretch, into: Spool): Promise<string> {
  const gzip = createGzip();
  const hash = startSha256();
  const feeding = pump(copies(layer), gzip);
  try {
    for await (const chunk of gzip) {
      hash.update(chunk);
      into.append(chunk);
    }
  } finally {
    gzip.destroy();
    await feeding;
  }
  return hash.digest("hex");
}

/** Chunks with a buffer of their own each: `chunksOf` uses one for all. */
async function* copies(stretch: Stretch): AsyncGenerator<Uint8Array> {
  for (const chunk of chunksOf(stretch)) yield Buffer.from(chunk);
}

async function* archive(files: readonly ArchiveFile[], mtime: number): AsyncGenerator<Uint8Array> {
  for (const [name, content] of files) {
    const size = content instanceof Uint8Array ? content.length : content.size;
    yield fileHeader(name, size, mtime);
    if (content instanceof Uint8Array) yield content;
    else yield* chunksOf(content);
    yield padding(size);
  }
  yield END;
}
