/**
 * Makes an image of vz from one of another tool. Nothing of it is laid out on disk: layers are unpacked into a file without a name,
 * the root filesystem is put together in memory, and contents are copied from there into the image.
 */
import type { Progress } from "../../common/command/progress.ts";
import { checkName } from "../../common/contract/names.ts";
import { sha256 } from "../../common/digest.ts";
import { Status, VzError } from "../../common/errors.ts";
import { parseBundleConfig } from "../../common/image/bundle-config.ts";
import {
  CONFIG_NAME,
  formatManifest,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  type Manifest,
  totalsOf,
} from "../../common/image/manifest.ts";
import { parseManifest } from "../../common/image/parse-manifest.ts";
import { compressionByName, writeImageFile } from "../build/pack.ts";
import { provenanceOf } from "../build/provenance.ts";
import { checkOutput } from "../build/write-file.ts";
import { Flattening } from "../layers/flatten.ts";
import { entriesOf, type Flattened } from "../layers/flatten-entries.ts";
import type { Tree } from "../layers/flatten-tree.ts";
import { Quota, Spool } from "../layers/layer-spool.ts";
import { Unpacker } from "../layers/layer-unpack.ts";
import { headerTime, LATEST } from "../layers/layer-write.ts";
import { readDockerArchive } from "./docker-archive.ts";
import { type Exchange, openExchange } from "./exchange-file.ts";
import { importNotes } from "./import-notes.ts";
import { type ForeignImage, readLayout } from "./oci-layout.ts";
import { type Origin, originNote, originOf } from "./oci-origin.ts";
import type { Choice } from "./oci-platform.ts";
import { runtimeConfig } from "./oci-runtime-config.ts";

export interface ImportOptions extends Choice {
  /** Name of the image; without one the name that vz exported it under, or `fallbackName`. */
  readonly name: string | undefined;
  fallbackName(): string;
  /** The command instead of the image's own; empty for that. */
  readonly command: readonly string[];
  /** The date, in seconds since the epoch, instead of the image's own; an image that vz exported keeps its own. */
  readonly created: number | undefined;
  /** Whether to take an archive that vz exported as if another tool had made it. */
  readonly anew: boolean;
  /** Bytes that layers and archive may unpack to, together. */
  readonly maxSize: number;
  readonly progress: Progress | undefined;
}

export interface ImportedImage {
  readonly id: string;
  readonly manifest: Manifest;
  /** Length of the file that was written. */
  readonly bytes: number;
  /** What was left out or taken over, each a line for people. */
  readonly notes: readonly string[];
}

/**
 * Writes the image that `path` (an archive, or the directory of an OCI layout) holds to `outFile`, which appears only when
 * it is whole.
 * @throws VzError 64 for names, 65 for what is damaged, hostile or not an image, 71 when the disk fails
 */
export async function importImage(
  path: string,
  outFile: string,
  options: ImportOptions,
): Promise<ImportedImage> {
  compressionByName(outFile);
  checkOutput(outFile, path);
  if (options.name !== undefined) checkName("image", options.name);
  const quota = new Quota(options.maxSize, path);
  const unpacked = new Spool(outFile);
  const unpacker = new Unpacker(outFile, unpacked, quota);
  let exchange: Exchange | undefined;
  try {
    exchange = await openExchange(path, unpacked, quota);
    const image = readForeign(exchange, options);
    const flat = new Flattening(path);
    const total = image.layers.reduce((sum, { content }) => sum + content.size, 0);
    let done = 0;
    for (const [i, layer] of image.layers.entries()) {
      const archive = await unpacker.unpack(layer, image.config.rootfs.diff_ids[i] ?? "");
      flat.apply(archive, layer.label);
      done += layer.content.size;
      options.progress?.update(done, total);
    }
    const flattened = entriesOf(flat.tree);
    const notes = importNotes(image.config, flattened.entries, flat.attributes);
    const head = headOf(image, flat.tree, options, path, notes);
    return await write(outFile, head, flattened, notes, { ...options, label: path });
  } finally {
    exchange?.close();
    unpacker.close();
    unpacked.close();
  }
}

async function write(
  outFile: string,
  { fields, configBytes, origin }: Head,
  { entries, contents, requirements }: Flattened,
  notes: string[],
  { label, progress }: { label: string; progress: Progress | undefined },
): Promise<ImportedImage> {
  const config = { path: CONFIG_NAME, type: "file", mode: 0o644, uid: 0, gid: 0 } as const;
  const files = [{ ...config, size: configBytes.length, sha256: sha256(configBytes) }, ...entries];
  const { architecture, kernelFloor } = requirements;
  const whole = { ...fields, architecture, kernelFloor, totals: totalsOf(files), files };
  // What vz said of the files (packages, architecture, kernel) holds for exactly those files only.
  const original = origin && { ...whole, ...origin.head, kernelFloor: origin.head.kernelFloor ?? null };
  const isUnchanged = original !== undefined && idOf(original) === origin?.id;
  const manifest = isUnchanged ? { ...original, name: fields.name } : whole;
  const manifestBytes = Buffer.from(formatManifest(manifest));
  if (manifestBytes.length > MAX_MANIFEST_BYTES)
    throw new VzError(Status.badData, `${label}: more files than an image can hold`);
  // All that strangers chose passes the same checks as in any image that is read.
  provenanceOf(parseManifest(manifestBytes.toString("utf8"), label), label);
  if (origin !== undefined) notes.push(originNote(origin, isUnchanged));
  const bytes = await writeImageFile(outFile, compressionByName(outFile), {
    manifest,
    manifestBytes,
    configBytes,
    fileOf(entry) {
      const content = contents.get(entry);
      if (content !== undefined) return content;
      throw new Error(`no content for ${entry.path}`);
    },
    created: headerTime(manifest.created),
    progress,
  });
  return { id: `sha256:${sha256(manifestBytes)}`, manifest, bytes, notes };
}

function idOf(manifest: Manifest): string {
  return `sha256:${sha256(Buffer.from(formatManifest(manifest)))}`;
}

function readForeign(exchange: Exchange, choice: Choice): ForeignImage {
  const { label } = exchange;
  const layout = exchange.find("index.json");
  const docker = exchange.find("manifest.json");
  if (layout === undefined && docker === undefined) {
    if (exchange.find("vz.json") !== undefined)
      throw new VzError(Status.badData, `${label}: is an image of vz already`, { hint: "vz image verify" });
    const hint = "skopeo copy, podman save and docker save write such archives";
    throw new VzError(Status.badData, `${label}: neither an OCI layout nor a docker archive`, { hint });
  }
  const image =
    layout !== undefined
      ? readLayout(exchange, layout, choice)
      : readDockerArchive(exchange, docker ?? { fd: -1, offset: 0, size: 0 }, choice);
  const { diff_ids: sums } = image.config.rootfs;
  if (sums.length === image.layers.length) return image;
  throw new VzError(Status.badData, `${label}: ${image.layers.length} layers, but sums of ${sums.length}`);
}

interface Head {
  readonly configBytes: Uint8Array;
  readonly origin: Origin | undefined;
  /** The manifest's fields that are not found out from its files. */
  readonly fields: Pick<Manifest, "name" | "created" | "command">;
}

function headOf(
  image: ForeignImage,
  tree: Tree,
  options: ImportOptions,
  label: string,
  notes: string[],
): Head {
  const isOwn = !options.anew && options.command.length === 0;
  const origin = isOwn ? originOf(image.config, label, notes) : undefined;
  const text = origin?.config ?? runtimeConfig(image.config, tree, options.command, label);
  const configBytes = Buffer.from(text);
  if (configBytes.length > MAX_CONFIG_BYTES)
    throw new VzError(Status.badData, `${label}: its configuration is too long`);
  const { command } = parseBundleConfig(text, `${label}: ${CONFIG_NAME}`);
  const name = options.name ?? origin?.head.name ?? options.fallbackName();
  const created =
    options.created === undefined ? dateOf(image.config.created) : isoDate(options.created * 1000);
  return { configBytes, origin, fields: { created: origin?.head.created ?? created, name, command } };
}

/** An RFC 3339 date in UTC, to whole seconds; the epoch for other texts, and for dates that no tarball can have. */
function dateOf(text: string | undefined): string {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text ?? "");
  const time = found === null ? 0 : Date.parse(`${found[1]}${found[3]}`);
  return isoDate(time >= 0 && time <= LATEST * 1000 ? time : 0);
}

function isoDate(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}
