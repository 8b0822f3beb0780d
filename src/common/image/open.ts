/** Opens image files for reading. */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { hasCode, reason, Status, VzError } from "../errors.ts";
import type { OpenImage } from "./archive.ts";

/**
 * Opens the image `file`, hands it to `use` and closes it.
 * @param flags added to the open: O_NOFOLLOW where strangers may have made the file
 * @throws VzError 65 for what is not a regular file
 */
export async function withImage<T>(
  file: string,
  use: (image: OpenImage) => Promise<T>,
  flags = 0,
): Promise<T> {
  // O_NONBLOCK: opening a fifo would wait for a writer.
  const fd = open(file, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    if (!fstatSync(fd).isFile()) throw new VzError(Status.badData, `${file}: not a regular file`);
    return await use({ fd, label: file });
  } finally {
    closeSync(fd);
  }
}

function open(file: string, flags: number): number {
  try {
    return openSync(file, flags);
  } catch (cause) {
    if (hasCode(cause, "ELOOP")) {
      throw new VzError(Status.badData, `${file}: not a regular file`, { cause });
    }
    throw new VzError(Status.failed, `${file}: ${reason(cause)}`, { cause });
  }
}
