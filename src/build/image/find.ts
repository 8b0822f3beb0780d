/** Finds image files. */
import { fstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isVzError, reason, Status, VzError } from "../../common/errors.ts";
import { compareNames } from "../../common/image/file-names.ts";
import { withImage } from "../../common/image/open.ts";
import { type ImageHead, readManifest } from "../../common/image/read.ts";

export interface FoundImage extends ImageHead {
  readonly file: string;
  /** Length of the file. */
  readonly fileBytes: number;
}

/** Whether a file of this name may be an image. */
export function isImageName(name: string): boolean {
  return /\.tar(\.gz|\.zst)?$/.test(name);
}

/** @param flags added to the open. @throws VzError 65 for what is not an image, 1 for what cannot be opened */
export function openFound(file: string, flags = 0): Promise<FoundImage> {
  return withImage(
    file,
    async (image) => ({ ...(await readManifest(image)), file, fileBytes: Number(fstatSync(image.fd).size) }),
    flags,
  );
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
