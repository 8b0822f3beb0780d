/** Makes a container's bundle and puts it in place. */

import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import * as sys from "vz:sys";
import { CONTAINERS_DIR, LOGS_DIR } from "../../common/contract/paths.ts";
import type { StartRequest } from "../../common/contract/protocol.ts";
import { startSpec } from "../../common/contract/start-request.ts";
import { splitVolume } from "../../common/contract/volume.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import { replaceFile, syncPath } from "../../common/files.ts";
import { mountNamespace, noNewPrivileges } from "../probe/probe.ts";
import { openStore } from "../store/real-system.ts";
import type { Store } from "../store/store.ts";
import { exists } from "../system/exists.ts";
import { containerConfig } from "./config.ts";
import { type Json, list, object } from "./json.ts";
import { asideOf, type Places, placesIn, placesOf, VOLUMES_DIR } from "./places.ts";
import { type ContainerRecord, writeRecord } from "./record.ts";
import { type Enforced, mayShare, type Powers, powersOf } from "./share.ts";
import { repair } from "./tree.ts";

export interface Prepared {
  readonly places: Places;
  readonly record: ContainerRecord;
  /** What this slave cannot give the container, each a line for people. */
  readonly warnings: readonly string[];
}

/** Hooks are programs of the machine, outside the container; an image cannot know which a slave has. */
function refuseHooks(image: string, config: Json): void {
  const [kind] = Object.entries(object(config["hooks"])).find(([, hooks]) => list(hooks).length > 0) ?? [];
  if (kind === undefined) return;
  throw new VzError(
    Status.refused,
    `image ${image}: hooks.${kind}: a slave runs no program of its own for an image`,
    {
      hint: "take hooks out of the image's config.json",
    },
  );
}

/**
 * Makes the whole bundle beside the one that may run.
 * @throws VzError 65 where the slave lacks the image
 */
export async function prepare(name: string, request: StartRequest): Promise<Prepared> {
  const places = placesIn(asideOf(name, "next"), name);
  for (const directory of [CONTAINERS_DIR, LOGS_DIR, VOLUMES_DIR, places.bundle]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  const store = openStore();
  const image = store.get(request.image);
  const config = readConfig(store, image.id);
  refuseHooks(image.name, config);
  const enforced = { mountNamespace: mountNamespace(), noNewPrivileges: noNewPrivileges() };
  const { powers, architecture } = readManifest(store, image.id, config, enforced);
  const share = (entry: Parameters<typeof mayShare>[0]) => mayShare(entry, powers);
  const warnings = await store.checkout(image.id, places.rootfs, { share });
  for (const volume of request.volumes) makeVolume(splitVolume(volume).name, powers);
  const record: ContainerRecord = {
    name,
    fleet: request.fleet,
    image: image.id,
    imageName: image.name,
    architecture,
    spec: startSpec(request),
    restart: request.restart,
    launched: false,
  };
  writeRecord(places, record);
  const text = JSON.stringify(containerConfig(config, request, places.log, powers.readOnly), null, 1);
  replaceFile(places.config, `${text}\n`, 0o600);
  return { places, record, warnings };
}

/** What is needed of the manifest beyond this call; the whole takes megabytes. */
function readManifest(store: Store, id: string, config: Json, enforced: Enforced) {
  const { architecture, files } = store.manifest(id);
  return { architecture, powers: powersOf(config, files, enforced) };
}

/** Puts a prepared bundle in place of the container's old one, which must be stopped. */
export function putInPlace(name: string, prepared: Prepared): void {
  const next = prepared.places.bundle;
  const bundle = placesOf(name).bundle;
  if (!exists(bundle)) renameSync(next, bundle);
  else if (!exchanged(next, bundle)) {
    renameSync(bundle, asideOf(name, "last"));
    renameSync(next, bundle);
  }
  syncPath(CONTAINERS_DIR);
  repair(name);
}

/** Swaps two bundles in one step, so that a power cut leaves one or the other. @returns false where kernel or filesystem cannot */
function exchanged(one: string, other: string): boolean {
  try {
    sys.exchange(one, other);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOSYS", "EINVAL", "EPERM")) return false;
    throw error;
  }
}

/** Makes a volume that is missing, owned by the container's user; what is in it outlives the container. */
function makeVolume(name: string, powers: Powers): void {
  const directory = `${VOLUMES_DIR}/${name}`;
  if (exists(directory)) return;
  // It gets its final name only with its owner: a killed call leaves no volume that the container cannot write.
  const fresh = `${VOLUMES_DIR}/.next.${name}`;
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  chownSync(fresh, powers.uid, powers.gids[0] ?? 0);
  chmodSync(fresh, 0o755);
  renameSync(fresh, directory);
}

function readConfig(store: Store, id: string): Json {
  const config: unknown = JSON.parse(readFileSync(store.configFile(id), "utf8"));
  const json = object(config);
  if (Object.keys(json).length > 0) return json;
  throw new VzError(Status.badData, `image ${id}: its config.json is empty`);
}
