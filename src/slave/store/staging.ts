/** Steps towards something that appears whole or not at all. */
import { mkdtempSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageRow } from "../../common/contract/protocol.ts";
import { imageDirectory, type StorePaths } from "./layout.ts";

/** A new directory in staging/. The caller holds the lock. */
export function makeStaging(paths: StorePaths, purpose: string): string {
  return mkdtempSync(join(paths.staging, `${purpose}-`));
}

/** Makes images/NAME point to the image `row`, in one step. */
export function replaceLink(paths: StorePaths, staging: string, row: ImageRow): void {
  const link = join(staging, "link");
  symlinkSync(imageDirectory(paths, row.id).slice(paths.images.length + 1), link);
  renameSync(link, join(paths.images, row.name));
}

export function writeNew(file: string, data: string | Uint8Array): void {
  writeFileSync(file, data, { flag: "wx", mode: 0o600 });
}
