/** Places in a bundle's root for the mounts and the working directory that the operator asked for. */
import { closeSync, lstatSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "../common/errors.ts";
import type { Overrides } from "./bundle-overrides.ts";

/**
 * Makes what is missing, so that also a root that is read-only can be mounted on.
 * @param root without a slash at the end
 */
export function makeMountPoints(root: string, { mounts, cwd }: Pick<Overrides, "mounts" | "cwd">): void {
  if (cwd !== undefined) makeDirectory(root, cwd);
  for (const { destination, type, source } of mounts) {
    const isFile = type === "bind" && source !== undefined && isRegular(source);
    if (!makeDirectory(root, isFile ? dirname(destination) : destination) || !isFile) continue;
    if (typeOf(root + destination) === "none") closeSync(openSync(root + destination, "wx", 0o644));
  }
}

/** False where a link or a file stands on the way: where that leads is for the runner to find. */
function makeDirectory(root: string, path: string): boolean {
  let at = root;
  for (const part of path.split("/").filter((one) => one !== "")) {
    at += `/${part}`;
    const type = typeOf(at);
    if (type === "other") return false;
    if (type === "none") mkdirSync(at, 0o755);
  }
  return true;
}

function typeOf(path: string): "none" | "directory" | "other" {
  try {
    return lstatSync(path).isDirectory() ? "directory" : "other";
  } catch (error) {
    if (hasCode(error, "ENOENT")) return "none";
    throw error;
  }
}

/** A source that is not there yet is taken for a directory. */
function isRegular(source: string): boolean {
  try {
    return !statSync(source).isDirectory();
  } catch {
    return false;
  }
}
