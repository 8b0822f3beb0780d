/** Places in a bundle's root for the mounts and the working directory that the operator asked for. */
import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "../../common/errors.ts";
import type { Overrides } from "./bundle-overrides.ts";

/**
 * Makes the missing ones, so that a read-only root can be mounted on, too.
 * @param root without a slash at the end
 */
export function makeMountPoints(root: string, { mounts, cwd }: Pick<Overrides, "mounts" | "cwd">): void {
  if (cwd !== undefined) makeDirectory(root, cwd);
  for (const { destination, type, source, options = [] } of mounts) {
    const isNew = typeOf(root + destination) === "none";
    const isFile = type === "bind" && source !== undefined && isRegular(source);
    if (!makeDirectory(root, isFile ? dirname(destination) : destination)) continue;
    // some runners give a tmpfs the mode of the directory that it is mounted on, whatever its options say
    if (isNew && type === "tmpfs") chmodSync(root + destination, modeOf(options));
    if (isNew && isFile) closeSync(openSync(root + destination, "wx", 0o644));
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
    if (hasCode(error, "ENOENT", "ENOTDIR")) return "none";
    throw error;
  }
}

/** The mode of a new tmpfs; see tmpfs(5). */
function modeOf(options: readonly string[]): number {
  const text = options.findLast((option) => /^mode=[0-7]{1,4}$/.test(option));
  return text === undefined ? 0o1777 : Number.parseInt(text.slice("mode=".length), 8);
}

/** A source that is not there yet is taken for a directory. */
function isRegular(source: string): boolean {
  try {
    return !statSync(source).isDirectory();
  } catch {
    return false;
  }
}
