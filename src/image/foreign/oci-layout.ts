/** Finds one image in an OCI image layout (image-spec 1.1: "Image Layout", "Image Index", "Image Manifest"). */
import { Status, VzError } from "../../common/errors.ts";
import { shown } from "../../common/image/manifest.ts";
import { anything, count, type Infer, list, object, text, textMap } from "../../common/oci/oci-read.ts";
import type { Stretch } from "../layers/layer-member.ts";
import { digestOf } from "../layers/layer-spool.ts";
import { type Exchange, readDocument } from "./exchange-file.ts";
import { type ImageConfig, imageConfig } from "./oci-image-config.ts";
import { type Choice, choose } from "./oci-platform.ts";

/** An image of another tool: what to run, and from which layers, the lowest first. */
export interface ForeignImage {
  readonly config: ImageConfig;
  readonly layers: readonly ForeignLayer[];
  /** What the archive calls the image. */
  readonly tag: string | undefined;
}
export interface ForeignLayer {
  readonly label: string;
  /** As it is stored, compressed or not. */
  readonly content: Stretch;
  /** "sha256:…" of `content`, where the format has it. */
  readonly digest?: string;
}

/** Indexes within indexes, and all that they list. */
const MAX_DEPTH = 4;
const MAX_INDEXES = 32;
const MAX_IMAGES = 1000;
const MAX_LAYERS = 512;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const REF_NAME = "org.opencontainers.image.ref.name";
const INDEXES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const MANIFESTS = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
const LAYER =
  /^application\/vnd\.(oci\.image\.layer\.(nondistributable\.)?v1\.tar|docker\.image\.rootfs\.(foreign\.)?diff\.tar)([+.](gzip|zstd))?$/;

const descriptor = object(
  { mediaType: text, digest: text, size: count },
  {
    annotations: textMap,
    platform: object({ os: text, architecture: text }, { variant: text }),
    urls: anything,
    data: anything,
    artifactType: anything,
  },
);
type Descriptor = Infer<typeof descriptor>;
const index = object({ schemaVersion: count, manifests: list(descriptor) }, {});
const manifest = object({ schemaVersion: count, config: descriptor, layers: list(descriptor) }, {});

interface Listed {
  readonly descriptor: Descriptor;
  readonly tag: string | undefined;
}

/**
 * @throws VzError 65 for a damaged layout, and where `choice` fits none or more than one of its images
 */
export function readLayout(exchange: Exchange, top: Stretch, choice: Choice): ForeignImage {
  const { label } = exchange;
  const listed = listedIn(exchange, readDocument(top, `${label}: index.json`, index).manifests);
  const images = listed.flatMap(({ descriptor: found, tag }) => {
    // Tools that keep one platform of an image still write the index of all: the others have no blob.
    if (findBlob(exchange, found) === undefined) return [];
    const read = once(() => readManifest(exchange, found));
    const { os, architecture } = found.platform ?? read().config;
    return {
      key: found.digest,
      tags: tag === undefined ? [] : [tag],
      platform: `${os}/${architecture}`,
      read,
    };
  });
  if (images.length === 0 && listed.length > 0)
    throw new VzError(
      Status.badData,
      `${label}: blob ${shown(listed[0]?.descriptor.digest ?? "")} is missing`,
    );
  const chosen = choose(images, choice, label);
  return { ...chosen.read(), tag: chosen.tags[0] };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The images of an index, and of the indexes that it lists. */
function listedIn(exchange: Exchange, top: readonly Descriptor[]): Listed[] {
  const { label } = exchange;
  const bad = (why: string) => new VzError(Status.badData, `${label}: ${why}`);
  const images: Listed[] = [];
  let indexes = 0;
  const gather = (descriptors: readonly Descriptor[], outer: string | undefined, depth: number) => {
    for (const found of descriptors) {
      const tag = found.annotations?.[REF_NAME] ?? outer;
      if (INDEXES.includes(found.mediaType)) {
        if (depth === MAX_DEPTH || ++indexes > MAX_INDEXES) throw bad("too many indexes within indexes");
        const { content, label: name } = blob(exchange, found);
        gather(readDocument(content, name, index).manifests, tag, depth + 1);
      } else if (MANIFESTS.includes(found.mediaType) && found.platform?.os !== "unknown") {
        // Attestations of builds are for a system called "unknown".
        if (images.push({ descriptor: found, tag }) > MAX_IMAGES)
          throw bad(`lists more than ${MAX_IMAGES} images`);
      }
    }
  };
  gather(top, undefined, 0);
  return images;
}

function readManifest(exchange: Exchange, found: Descriptor): Omit<ForeignImage, "tag"> {
  const { content, label } = blob(exchange, found);
  const { config, layers } = readDocument(content, label, manifest);
  if (layers.length > MAX_LAYERS)
    throw new VzError(Status.badData, `${label}: more than ${MAX_LAYERS} layers`);
  const document = blob(exchange, config);
  return {
    config: readDocument(document.content, document.label, imageConfig),
    layers: layers.map((layer) => {
      if (LAYER.test(layer.mediaType)) return find(exchange, layer);
      throw new VzError(Status.badData, `${label}: ${shown(layer.mediaType)} is no layer that can be read`);
    }),
  };
}

/** A blob, with its size and digest checked. */
function blob(exchange: Exchange, found: Descriptor): ForeignLayer {
  const { content, label } = find(exchange, found);
  if (`sha256:${digestOf(content)}` === found.digest) return { content, label };
  throw new VzError(Status.badData, `${label}: wrong SHA-256`);
}

function find(exchange: Exchange, found: Descriptor): ForeignLayer {
  const content = findBlob(exchange, found);
  const label = `${exchange.label}: blob ${found.digest.slice(0, 19)}`;
  if (content === undefined) throw new VzError(Status.badData, `${label}: missing`);
  if (content.size === found.size) return { content, label, digest: found.digest };
  throw new VzError(Status.badData, `${label}: ${content.size} bytes long, not ${found.size}`);
}

function findBlob(exchange: Exchange, { digest }: Descriptor): Stretch | undefined {
  if (DIGEST.test(digest)) return exchange.find(`blobs/sha256/${digest.slice(7)}`);
  throw new VzError(Status.badData, `${exchange.label}: ${shown(digest)}: not a SHA-256 digest`);
}
