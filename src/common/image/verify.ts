/** Checks an image from its first byte to its last. */

import type { Progress } from "../command/progress.ts";
import { Status, VzError } from "../errors.ts";
import type { OpenImage } from "./archive.ts";
import { parseBundleConfig } from "./bundle-config.ts";
import { CONFIG_NAME, ROOTFS_NAME } from "./manifest.ts";
import { type ImageHead, type ImageVisitor, readImage } from "./read.ts";

/**
 * Reads all of an image and hands its parts to `visitor`.
 * @throws VzError 65 with the first fault: of the archive, of a file, of `config.json`, or of what the manifest says of it
 */
export async function verifyImage(
  image: OpenImage,
  visitor: ImageVisitor = {},
  progress?: Progress,
): Promise<ImageHead> {
  const parts: Uint8Array[] = [];
  const head = await readImage(
    image,
    {
      head: (read) => visitor.head?.(read),
      begin: (entry) => visitor.begin?.(entry),
      end: (entry) => visitor.end?.(entry),
      data(entry, chunk) {
        if (entry.path === CONFIG_NAME) parts.push(chunk);
        visitor.data?.(entry, chunk);
      },
    },
    progress,
  );
  const label = `${image.label}: ${CONFIG_NAME}`;
  const config = parseBundleConfig(Buffer.concat(parts).toString("utf8"), label);
  const rootPath = config.rootPath.replace(/^(\.\/+)+/, "").replace(/\/+$/, "");
  if (rootPath !== ROOTFS_NAME) throw new VzError(Status.badData, `${label}: root.path: not ${ROOTFS_NAME}`);
  if (JSON.stringify(config.command) !== JSON.stringify(head.manifest.command)) {
    throw new VzError(Status.badData, `${label}: process.args: not the command of the manifest`);
  }
  return head;
}
