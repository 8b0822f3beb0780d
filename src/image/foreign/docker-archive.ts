/** Finds one image in what `docker save` and `podman save` write: manifest.json, configurations, layers. */
import { Status, VzError } from "../../common/errors.ts";
import { shown } from "../../common/image/manifest.ts";
import { list, object, text, texts } from "../../common/oci/oci-read.ts";
import type { Stretch } from "../layers/layer-member.ts";
import { digestOf } from "../layers/layer-spool.ts";
import { type Exchange, readDocument } from "./exchange-file.ts";
import { imageConfig } from "./oci-image-config.ts";
import type { ForeignImage } from "./oci-layout.ts";
import { type Choice, choose } from "./oci-platform.ts";

const images = list(object({ Config: text, Layers: texts }, { RepoTags: texts }));
const MAX_IMAGES = 100;

/** @throws VzError 65 for a damaged archive, and where `choice` fits none or more than one of its images */
export function readDockerArchive(exchange: Exchange, top: Stretch, choice: Choice): ForeignImage {
  const { label } = exchange;
  const listed = readDocument(top, `${label}: manifest.json`, images);
  if (listed.length > MAX_IMAGES)
    throw new VzError(Status.badData, `${label}: lists more than ${MAX_IMAGES} images`);
  const find = (name: string) => {
    const content = exchange.find(name);
    if (content !== undefined) return { content, label: `${label}: ${shown(name)}` };
    throw new VzError(Status.badData, `${label}: ${shown(name)}: missing`);
  };
  const candidates = listed.map((image) => {
    const { content, label: name } = find(image.Config);
    const config = readDocument(content, name, imageConfig);
    const digest = digestOf(content);
    // The configuration is named after its SHA-256: HEX.json, or blobs/sha256/HEX where the archive is an OCI layout as well.
    const claimed = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(image.Config)?.[1];
    if (claimed !== undefined && claimed !== digest)
      throw new VzError(Status.badData, `${name}: wrong SHA-256`);
    const platform = `${config.os}/${config.architecture}`;
    return { key: digest, tags: image.RepoTags ?? [], platform, config, layers: image.Layers };
  });
  const { config, layers, tags } = choose(candidates, choice, label);
  return { config, layers: layers.map(find), tag: tags[0] };
}
