/** Bundles that killed calls left beside their places. */
import * as sys from "vz:sys";
import { CONTAINERS_DIR } from "../../common/contract/paths.ts";
import { hasCode } from "../../common/errors.ts";
import { readAside } from "./places.ts";

/** Names of containers that killed calls left something of. */
export function unrepaired(): string[] {
  if (!exists(CONTAINERS_DIR)) return [];
  return [...new Set(sys.readdir(CONTAINERS_DIR).flatMap((entry) => readAside(entry.name)?.name ?? []))];
}

export function exists(path: string): boolean {
  try {
    sys.lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}
