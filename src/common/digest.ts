/** SHA-256, by which images, objects and files are named and checked. */
import { createHash, type Hash } from "node:crypto";

/** The SHA-256 in hexadecimal, of bytes or of a text's UTF-8. */
export function sha256(content: Uint8Array | string): string {
  return startSha256().update(content).digest("hex");
}

/** A SHA-256 to feed piece by piece. */
export function startSha256(): Hash {
  return createHash("sha256");
}
