/**
 * Where the store keeps things below a slave's data directory:
 *
 *     objects/AA/SHA256-MODE-UID-GID   content of files; AA is the hash's first byte
 *     images/HEX/                      vz.json, config.json, row.json; HEX is the image's id
 *     images/NAME -> HEX               the image of that name that was loaded last
 *     staging/…                        whatever is not finished; nobody's once its maker has let go of the lock
 *     store.lock
 *
 * Hard links share mode and owner with the file, so an object is named by them too: equal content under two modes is two
 * objects. A container's root filesystem holds further links to them. Set-id files of every age lie there, hence only
 * root may enter.
 */
import { join } from "node:path";
import type { FileEntry } from "../../common/image/manifest.ts";

export const PRIVATE = 0o700;
export const ROW_NAME = "row.json";

export interface StorePaths {
  readonly root: string;
  readonly objects: string;
  readonly images: string;
  readonly staging: string;
  readonly lock: string;
}

export function storePaths(root: string): StorePaths {
  return {
    root,
    objects: join(root, "objects"),
    images: join(root, "images"),
    staging: join(root, "staging"),
    lock: join(root, "store.lock"),
  };
}

export function objectKey(entry: FileEntry): string {
  return `${entry.sha256}-${entry.mode.toString(8).padStart(4, "0")}-${entry.uid}-${entry.gid}`;
}

export function isObjectKey(name: string): boolean {
  return /^[0-9a-f]{64}-[0-7]{4}-\d+-\d+$/.test(name);
}

export function objectFile(paths: StorePaths, key: string): string {
  return join(paths.objects, key.slice(0, 2), key);
}

/** An image's directory; `id` as "sha256:HEX". */
export function imageDirectory(paths: StorePaths, id: string): string {
  return join(paths.images, id.slice("sha256:".length));
}

export function isImageDirectory(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
