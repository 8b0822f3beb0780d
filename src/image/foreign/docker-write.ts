/** The files of what `docker save` writes (Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format"). */

import { sha256 } from "../../common/digest.ts";
import type { ArchiveFile, Exported } from "./export.ts";
import { imageConfigOf, json } from "./oci-write.ts";

export function dockerFiles(exported: Exported): ArchiveFile[] {
  const { head, layer } = exported;
  const config = imageConfigOf(exported);
  const configName = `${sha256(config)}.json`;
  const layerName = `${layer.diffId}.tar`;
  const tag = exported.tag ?? `${repository(head.manifest.name)}:latest`;
  const [, name = tag, version = "latest"] = /^(.*):([^:/]*)$/.exec(tag) ?? [];
  return [
    ["manifest.json", json([{ Config: configName, RepoTags: [`${name}:${version}`], Layers: [layerName] }])],
    [configName, config],
    [layerName, layer.content],
    ["repositories", json({ [name]: { [version]: layer.diffId } })],
  ];
}

/** A name in docker's form for repositories: lower case, with single separators between letters and digits. */
function repository(name: string): string {
  const parts = name.toLowerCase().split(/[^a-z0-9]+/);
  return parts.filter((part) => part !== "").join("-");
}
