import { basename } from "node:path";

/** A name for the image of `command`: its program's, with what no name may hold left out. */
export function imageName(command: readonly string[]): string {
  const name = basename(command[0] ?? "").replaceAll(/[^A-Za-z0-9_.-]+/g, "-");
  return (
    name
      .replace(/^[^A-Za-z0-9]+/, "")
      .replaceAll(/\.{2,}/g, ".")
      .slice(0, 63) || "image"
  );
}
