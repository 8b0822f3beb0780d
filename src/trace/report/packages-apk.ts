/**
 * apk's database, /lib/apk/db/installed: a paragraph a package, with `P:` its name, `V:` version, `A:` architecture, `I:`
 * installed size in bytes, `F:` a directory without the first slash, `R:` a file in the last directory named.
 */
import { existsSync } from "node:fs";
import { toFs } from "../../common/byte-strings.ts";
import { eachLine } from "../names/lines.ts";
import type { Package } from "./packages.ts";

const DATABASE = "/lib/apk/db/installed";

/** @param root "" or the directory that stands for it */
export function hasApk(root: string): boolean {
  return existsSync(root + DATABASE);
}

/**
 * @param root "" or the directory that stands for it
 * @param paths real paths, byte strings
 */
export function apkOwners(root: string, paths: readonly string[]): Map<string, Package> {
  const wanted = new Set(paths);
  const owners = new Map<string, Package>();
  let fields: Record<string, string> = {};
  let directory = "";
  let current: Package | undefined;
  eachLine(root + DATABASE, (line) => {
    const key = line.slice(0, 2);
    const value = line.slice(2);
    if (line === "") {
      fields = {};
      current = undefined;
    } else if (key === "F:") directory = value === "" ? "" : `/${value}`;
    else if (key === "R:") {
      const path = `${directory}/${value}`;
      // Fields of the package stand before its files.
      current ??= packageOf(fields);
      if (wanted.has(path) && !owners.has(path)) owners.set(path, current);
    } else if (/^[PVAI]:$/.test(key)) fields[key] = toFs(value);
  });
  return owners;
}

function packageOf(fields: Readonly<Record<string, string>>): Package {
  const size = Number(fields["I:"] ?? 0);
  return {
    name: fields["P:"] ?? "",
    version: fields["V:"] ?? "",
    architecture: fields["A:"] ?? "",
    installedSize: Number.isSafeInteger(size) ? size : 0,
  };
}
