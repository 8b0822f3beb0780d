/**
 * An image's configuration (OCI image-spec 1.1, "Image Configuration"; docker's has the same fields), and its conversion to
 * and from the `config.json` of a bundle ("Conversion to OCI Runtime Configuration").
 */

import type { OciConfig } from "../../common/oci/oci.ts";
import {
  anything,
  type Infer,
  object,
  plainObject,
  text,
  textMap,
  texts,
} from "../../common/oci/oci-read.ts";

const execution = object(
  {},
  {
    User: text,
    Env: texts,
    Entrypoint: texts,
    Cmd: texts,
    WorkingDir: text,
    Volumes: plainObject,
    ExposedPorts: plainObject,
    Labels: textMap,
    StopSignal: text,
  },
);

export const imageConfig = object(
  { architecture: text, os: text, rootfs: object({ diff_ids: texts }, { type: anything }) },
  { created: text, author: text, variant: text, "os.version": text, "os.features": texts, config: execution },
);
export type ImageConfig = Infer<typeof imageConfig>;
export type Execution = Infer<typeof execution>;

const PREFIX = "org.opencontainers.image.";
const PORTS = `${PREFIX}exposedPorts`;
const STOP_SIGNAL = `${PREFIX}stopSignal`;
/** Annotations that the conversion makes of fields, and which do not become labels. */
const IMPLICIT = ["os", "architecture", "variant", "os.version", "os.features", "author", "created"].map(
  (name) => PREFIX + name,
);
/** Annotations that begin so steer the runner: an image of a stranger may not set them. */
export const OWN_PREFIX = "vz.";
/** See oci-origin.ts. */
export const ORIGIN_LABEL = "vz.image";

/** How an image says that its program is run. The first word becomes Entrypoint, which `docker run IMAGE WORD…` keeps. */
export function executionOf({ process, annotations = {} }: OciConfig): Execution {
  const [program, ...words] = process?.args ?? [];
  const { uid = 0, gid = 0 } = process?.user ?? {};
  const ports = annotations[PORTS]?.split(",").filter((port) => port !== "") ?? [];
  const signal = annotations[STOP_SIGNAL];
  const labels = Object.entries(annotations).filter(
    ([key]) => ![...IMPLICIT, PORTS, STOP_SIGNAL].includes(key) && !key.startsWith(OWN_PREFIX),
  );
  return {
    ...(uid === 0 && gid === 0 ? {} : { User: `${uid}:${gid}` }),
    ...(ports.length === 0 ? {} : { ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])) }),
    Env: process?.env ?? [],
    Entrypoint: program === undefined ? [] : [program],
    Cmd: words,
    WorkingDir: process?.cwd ?? "/",
    Labels: Object.fromEntries(labels),
    ...(signal === undefined ? {} : { StopSignal: signal }),
  };
}

/** The annotations of `config.json` that `image` asks for. */
export function annotationsOf(image: ImageConfig): Record<string, string> {
  const { ExposedPorts = {}, Labels = {}, StopSignal } = image.config ?? {};
  const all: Record<string, string | undefined> = {
    [`${PREFIX}os`]: image.os,
    [`${PREFIX}architecture`]: image.architecture,
    [`${PREFIX}variant`]: image.variant,
    [`${PREFIX}os.version`]: image["os.version"],
    [`${PREFIX}os.features`]: image["os.features"]?.join(","),
    [`${PREFIX}author`]: image.author,
    [`${PREFIX}created`]: image.created,
    [STOP_SIGNAL]: StopSignal,
    [PORTS]: Object.keys(ExposedPorts).sort().join(","),
    ...Labels,
  };
  const said = Object.entries(all).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && entry[1] !== "" && !entry[0].startsWith(OWN_PREFIX),
  );
  return Object.fromEntries(said.sort(([a], [b]) => (a < b ? -1 : 1)));
}
