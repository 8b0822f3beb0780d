/** SHA-256, by which images, objects and files are named and checked. */
import { createHash, type Hash } from "node:crypto";

/** In hexadecimal, of the bytes or of the text's UTF-8. */
export function sha256(content: Uint8Array | string): string {
  return startSha256().update(content).digest("hex");
}

/** For what comes piece by piece. */
export function startSha256(): Hash {
  return createHash("sha256");
}
