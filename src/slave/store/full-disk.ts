/** The error of a full disk, as people need it. */
import { formatBytes } from "../../common/command/table.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import type { StorePaths } from "./layout.ts";
import type { StoreSystem } from "./system.ts";

/** @returns `error`; or if that says that the disk is full, an error that tells what did not fit and how much is free */
export function explainFullDisk(
  error: unknown,
  what: string,
  place: { readonly paths: StorePaths; readonly system: StoreSystem },
): unknown {
  return hasCode(error, "ENOSPC", "EDQUOT") ? noRoom(what, place, error) : error;
}

export function noRoom(
  what: string,
  place: { readonly paths: StorePaths; readonly system: StoreSystem },
  cause?: unknown,
): VzError {
  const free = formatBytes(place.system.freeBytes(place.paths.root));
  return new VzError(
    Status.osError,
    `${what}: no space left on device: ${free} free in ${place.paths.root}`,
    {
      hint: "remove containers that are not needed: vzexec rm, vz master apply",
      cause,
    },
  );
}
