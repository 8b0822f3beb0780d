/** The `config.json` of a container: its image's, with what the start request adds. */
import { Annotation } from "../../common/contract/annotations.ts";
import type { StartRequest } from "../../common/contract/protocol.ts";
import { splitVolume } from "../../common/contract/volume.ts";
import { type Json, list, object } from "./json.ts";
import { LOG_LIMIT, VOLUMES_DIR } from "./places.ts";

/**
 * @param image the image's `config.json`
 * @param log file that the container's output goes to
 * @param sharedRoot whether only a read-only root filesystem keeps the container from writing what others share
 */
export function containerConfig(image: Json, request: StartRequest, log: string, sharedRoot: boolean): Json {
  const process = object(image["process"]);
  const linux = object(image["linux"]);
  return {
    ...image,
    // Images have it there, and the store lays out nothing else.
    root: { ...object(image["root"]), path: "rootfs" },
    process: { ...process, terminal: false, env: mergeEnv(list(process["env"]).map(String), request.env) },
    mounts: [...list(image["mounts"]), ...request.volumes.map(volumeMount)],
    ...(request.memory === null ? {} : { linux: withMemory(linux, request.memory) }),
    annotations: {
      ...object(image["annotations"]),
      [Annotation.log]: log,
      [Annotation.logLimit]: String(LOG_LIMIT),
      [Annotation.backoff]: String(request.restart === "always"),
      [Annotation.sharedRoot]: String(sharedRoot),
    },
  };
}

/** Where the kernel cannot hold the limit, runch says so in the container's log. */
function withMemory(linux: Json, limit: number): Json {
  const resources = object(linux["resources"]);
  return { ...linux, resources: { ...resources, memory: { ...object(resources["memory"]), limit } } };
}

/** Variables of the image in their order, with the request's values, then the request's own. */
export function mergeEnv(image: readonly string[], request: Readonly<Record<string, string>>): string[] {
  const left = new Map(Object.entries(request));
  const merged = image.map((line) => {
    const name = line.split("=", 1)[0] ?? "";
    const value = left.get(name);
    left.delete(name);
    return value === undefined ? line : `${name}=${value}`;
  });
  return [...merged, ...[...left].map(([name, value]) => `${name}=${value}`)];
}

function volumeMount(volume: string): Json {
  const { name, path } = splitVolume(volume);
  return {
    destination: path,
    type: "bind",
    source: `${VOLUMES_DIR}/${name}`,
    options: ["bind", "rw", "nosuid", "nodev"],
  };
}
