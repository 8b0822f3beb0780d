/** Image files on the master. */

import { progressBar } from "../../common/command/progress.ts";
import { withImage } from "../../common/image/open.ts";
import { readManifest } from "../../common/image/read.ts";
import { verifyImage } from "../../common/image/verify.ts";
import type { Io } from "../../common/io.ts";
import type { LocalImage } from "../fleet/image-choice.ts";
import { hashFile, type LocalFile } from "./upload.ts";

/** What an image claims to be. @throws VzError 65 for what is none, 1 where it cannot be read */
export async function describeImage(file: string): Promise<LocalImage> {
  const { manifest, id } = await withImage(file, readManifest);
  const { name, architecture, kernelFloor } = manifest;
  return { file, id, name, architecture, kernelFloor };
}

/** Checks every byte before any of them is sent. @throws VzError 65 */
export async function checkImage(image: LocalImage, io: Io): Promise<LocalFile> {
  const progress = progressBar(io, `checking ${image.name}`);
  const before = hashFile(image.file);
  await withImage(image.file, (open) => verifyImage(open, {}, progress));
  return before;
}
