/** The files of an OCI image layout (image-spec 1.1) with one image of one layer. */

import { sha256 } from "../../common/digest.ts";
import { readConfig } from "../../common/oci/oci.ts";
import type { ArchiveFile, Exported } from "./export.ts";
import { executionOf, ORIGIN_LABEL } from "./oci-image-config.ts";
import { originLabel } from "./oci-origin.ts";

/** Go's names of architectures (GOARCH), which OCI images use, where they differ from vz's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { i386: "386", any: "amd64", riscv: "riscv64" };

export function layoutFiles(exported: Exported): ArchiveFile[] {
  const { head, layer, tag = head.manifest.name } = exported;
  const { name, created } = head.manifest;
  const config = imageConfigOf(exported);
  const type = (kind: string) => `application/vnd.oci.image.${kind}`;
  const manifest = json({
    schemaVersion: 2,
    mediaType: type("manifest.v1+json"),
    config: descriptor(type("config.v1+json"), config),
    layers: [
      {
        mediaType: type(layer.isCompressed ? "layer.v1.tar+gzip" : "layer.v1.tar"),
        digest: `sha256:${layer.digest}`,
        size: layer.content.size,
      },
    ],
    annotations: { "org.opencontainers.image.created": created, "org.opencontainers.image.title": name },
  });
  const index = json({
    schemaVersion: 2,
    mediaType: type("index.v1+json"),
    manifests: [
      {
        ...descriptor(type("manifest.v1+json"), manifest),
        platform: platformOf(exported),
        annotations: { "org.opencontainers.image.ref.name": tag },
      },
    ],
  });
  return [
    ["oci-layout", json({ imageLayoutVersion: "1.0.0" })],
    ["index.json", index],
    [blobName(sha256(manifest)), manifest],
    [blobName(sha256(config)), config],
    [blobName(layer.digest), layer.content],
  ];
}

/** The image's configuration, the same in both formats. */
export function imageConfigOf({ head, config, layer }: Exported): Uint8Array {
  const { created } = head.manifest;
  const execution = executionOf(readConfig(config).config);
  const origin = originLabel(head.id, config, head.manifest);
  return json({
    created,
    ...platformOf({ head }),
    config: { ...execution, Labels: { ...execution.Labels, [ORIGIN_LABEL]: origin } },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer.diffId}`] },
    history: [{ created, created_by: "vz image export" }],
  });
}

function platformOf({ head }: Pick<Exported, "head">): { architecture: string; os: "linux" } {
  const { architecture } = head.manifest;
  return { architecture: ARCHITECTURES[architecture] ?? architecture, os: "linux" };
}

function descriptor(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
}

function blobName(digest: string): string {
  return `blobs/sha256/${digest}`;
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
