/** Which package a file came from, by the database of the system's package manager: dpkg's or apk's. */
import { apkOwners, hasApk } from "./packages-apk.ts";
import { dpkgOwners, hasDpkg } from "./packages-dpkg.ts";

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Bytes that the package says it takes up, all its files together. */
  readonly installedSize: number;
}

export interface PackageDatabase {
  /** The package that the file of a real path came with (a byte string; usrmerge and diversions understood). */
  ownerOf(path: string): Package | undefined;
  /**
   * Looks all of `paths` up in one reading of the database. Any other path costs `ownerOf` a reading of its own: only answers
   * are kept.
   */
  expect(paths: Iterable<string>): void;
}

/** Finds the owners of real paths, byte strings. */
type FindOwners = (root: string, paths: readonly string[]) => ReadonlyMap<string, Package>;

/**
 * The database below `root`, "/" or another directory; a string of the file functions.
 * @returns undefined where there is none
 */
export function readPackages(root: string): PackageDatabase | undefined {
  const top = root === "/" ? "" : root;
  if (hasDpkg(top)) return new Packages(top, dpkgOwners);
  return hasApk(top) ? new Packages(top, apkOwners) : undefined;
}

class Packages implements PackageDatabase {
  readonly #root: string;
  readonly #find: FindOwners;
  readonly #owners = new Map<string, Package | undefined>();

  constructor(root: string, find: FindOwners) {
    this.#root = root;
    this.#find = find;
  }

  ownerOf(path: string): Package | undefined {
    if (!this.#owners.has(path)) this.expect([path]);
    return this.#owners.get(path);
  }

  expect(paths: Iterable<string>): void {
    const missing = [...new Set(paths)].filter((path) => !this.#owners.has(path));
    if (missing.length === 0) return;
    const found = this.#find(this.#root, missing);
    for (const path of missing) this.#owners.set(path, found.get(path));
  }
}
