/** Where one container's things lie. */
import { CONTAINERS_DIR, DATA_DIR, LOGS_DIR } from "../../common/contract/paths.ts";

export const VOLUMES_DIR = `${DATA_DIR}/volumes`;
/** Bytes at which a container's log is cut back. */
export const LOG_LIMIT = 1024 * 1024;

export interface Places {
  readonly bundle: string;
  readonly rootfs: string;
  /** There only while the container is meant to run: whatever starts the bundle of a stopped one finds nothing to run. */
  readonly config: string;
  readonly record: string;
  readonly log: string;
}

export function placesIn(bundle: string, name: string): Places {
  return {
    bundle,
    rootfs: `${bundle}/rootfs`,
    config: `${bundle}/config.json`,
    record: `${bundle}/container.json`,
    log: `${LOGS_DIR}/${name}.log`,
  };
}

export function placesOf(name: string): Places {
  return placesIn(`${CONTAINERS_DIR}/${name}`, name);
}

/**
 * Bundles on their way in and out; no container's name begins with a dot. `next` is being made, `last` was there before
 * it, `gone` is being removed.
 */
export function asideOf(name: string, role: "next" | "last" | "gone"): string {
  return `${CONTAINERS_DIR}/.${role}.${name}`;
}

/** The name and role in a directory name of asideOf; undefined for any other name. */
export function readAside(entry: string): { role: "next" | "last" | "gone"; name: string } | undefined {
  const [, role, name] = /^\.(next|last|gone)\.(.+)$/.exec(entry) ?? [];
  if (name === undefined || (role !== "next" && role !== "last" && role !== "gone")) return undefined;
  return { role, name };
}
