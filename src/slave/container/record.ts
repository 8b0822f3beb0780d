/** What vzexec keeps about a container in its bundle, so that any later call knows what was asked for. */
import * as sys from "vz:sys";
import { isName } from "../../common/contract/names.ts";
import { CONTAINERS_DIR } from "../../common/contract/paths.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import { replaceFile } from "../../common/files.ts";
import { readTextIfAny } from "../system/files.ts";
import type { Places } from "./places.ts";

export interface ContainerRecord {
  readonly name: string;
  readonly fleet: string;
  /** sha256:… */
  readonly image: string;
  readonly imageName: string;
  /** The image's, where it is known. */
  readonly architecture: string | null;
  /** startSpec of the request. */
  readonly spec: string;
  readonly restart: "always" | "never";
  /** Whether a container that must run once has been handed over to run. */
  readonly launched: boolean;
}

/** Names of all containers, sorted. */
export function containerNames(): string[] {
  try {
    return sys
      .readdir(CONTAINERS_DIR)
      .map(({ name }) => name)
      .filter(isName)
      .sort();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** The container's record, or undefined where there is no such container. @throws VzError 65 when it is damaged */
export function readRecord(name: string, places: Places): ContainerRecord | undefined {
  const content = readTextIfAny(places.record);
  if (content === null) return undefined;
  const record = parseRecord(content);
  if (record !== undefined && record.name === name) return record;
  throw new VzError(Status.badData, `container ${name}: ${places.record} is damaged`, {
    hint: `vzexec rm ${name}, and start it again`,
  });
}

export function parseRecord(content: string): ContainerRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields: Record<string, unknown> = { ...value };
  const { name, fleet, image, imageName, spec, restart, launched } = fields;
  const architecture = typeof fields["architecture"] === "string" ? fields["architecture"] : null;
  if (typeof name !== "string" || typeof fleet !== "string" || typeof spec !== "string") return undefined;
  if (typeof image !== "string" || typeof imageName !== "string") return undefined;
  if (restart !== "always" && restart !== "never") return undefined;
  if (typeof launched !== "boolean") return undefined;
  return { name, fleet, image, imageName, architecture, spec, restart, launched };
}

export function writeRecord(places: Places, record: ContainerRecord): void {
  replaceFile(places.record, `${JSON.stringify(record, null, 1)}\n`, 0o600);
}
