/**
 * Where a bundle came from: `provenance.json` beside its `config.json`. Nothing in it depends on time, the machine's name or
 * the user, so that the same inputs give the same bytes.
 */
import { type OsRelease, readOsRelease } from "./os-release.ts";
import { type Package, type PackageDatabase, readPackages } from "./packages.ts";

export const PROVENANCE_NAME = "provenance.json";

export interface Provenance {
  readonly command: readonly string[];
  /** null where the system does not say what it is. */
  readonly host: OsRelease | null;
  /** Packages that files came from, sorted by name and architecture. */
  readonly packages: readonly Pick<Package, "name" | "version" | "architecture">[];
}

/**
 * @param root the system that the files are of
 * @param files real paths, byte strings
 */
export function provenanceOf(
  command: readonly string[],
  root: string,
  files: Iterable<string>,
  database: PackageDatabase | undefined = readPackages(root),
): Provenance {
  const found = new Map<string, Package>();
  const paths = [...files];
  database?.expect(paths);
  for (const path of paths) {
    const owner = database?.ownerOf(path);
    if (owner !== undefined) found.set(`${owner.name}\0${owner.architecture}`, owner);
  }
  const keys = [...found.keys()].sort();
  const packages = keys.flatMap((key) => {
    const owner = found.get(key);
    if (owner === undefined) return [];
    const { name, version, architecture } = owner;
    return [{ name, version, architecture }];
  });
  return { command, host: readOsRelease(root) ?? null, packages };
}

export function formatProvenance(provenance: Provenance): string {
  return `${JSON.stringify(provenance, null, 1)}\n`;
}
