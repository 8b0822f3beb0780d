/** Names of images that the operator did not name. */
import { basename } from "node:path";

/** A name for the image of `command`: its program's, with "-" for what no name may hold. */
export function imageName(command: readonly string[]): string {
  const name = basename(command[0] ?? "").replaceAll(/[^A-Za-z0-9_.-]+/g, "-");
  return (
    name
      .replace(/^[^A-Za-z0-9]+/, "")
      .replaceAll(/\.{2,}/g, ".")
      .slice(0, 63) || "image"
  );
}
