/** Finds image files. */
import { fstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isVzError, reason, Status, VzError } from "../../common/errors.ts";
import type { OpenImage } from "../../common/image/archive.ts";
import { compareNames } from "../../common/image/file-names.ts";
import type { Manifest } from "../../common/image/manifest.ts";
import { withImage } from "../../common/image/open.ts";
import { readManifest } from "../../common/image/read.ts";

export interface FoundImage {
  readonly id: string;
  /** What the manifest says of the image as a whole; with their files, many images would fill the memory. */
  readonly manifest: Omit<Manifest, "files" | "provenance">;
  readonly file: string;
  /** Length of the file. */
  readonly bytes: number;
}

/** Whether a file of this name may be an image. */
export function isImageName(name: string): boolean {
  return /\.tar(\.gz|\.zst)?$/.test(name);
}

/** @param flags added to the open. @throws VzError 65 for what is not an image, 1 for what cannot be opened */
export function openFound(file: string, flags = 0): Promise<FoundImage> {
  const read = async (image: OpenImage) => {
    const { id, manifest } = await readManifest(image);
    const { files: _files, provenance: _provenance, ...facts } = manifest;
    return { id, manifest: facts, file, bytes: Number(fstatSync(image.fd).size) };
  };
  return withImage(file, read, flags);
}

/**
 * The images in `directory` itself, by name; other files are passed over.
 * @param onUnreadable told of each file that may be an image and cannot be opened
 * @throws VzError 1 where the directory cannot be read
 */
export async function imagesIn(
  directory: string,
  onUnreadable: (error: VzError) => void,
  flags = 0,
): Promise<FoundImage[]> {
  const found: FoundImage[] = [];
  for (const name of namesIn(directory).filter(isImageName).sort(compareNames)) {
    try {
      found.push(await openFound(directory === "." ? name : join(directory, name), flags));
    } catch (error) {
      if (!isVzError(error)) throw error;
      if (error.status !== Status.badData) onUnreadable(error);
    }
  }
  return found;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    throw new VzError(Status.failed, `${directory}: ${reason(cause)}`, { cause });
  }
}
