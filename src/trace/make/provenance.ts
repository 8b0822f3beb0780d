/**
 * Where a bundle came from: `provenance.json` beside its `config.json`. Nothing in it depends on time, the machine's name or
 * the user, so that the same inputs give the same bytes.
 */
import type { Provenance } from "../../common/image/manifest.ts";
import { readOsRelease } from "../report/os-release.ts";
import type { Package, PackageDatabase } from "../report/packages.ts";

/**
 * @param root the system that the files are of
 * @param files real paths, byte strings
 */
export function provenanceOf(
  command: readonly string[],
  root: string,
  files: Iterable<string>,
  database: PackageDatabase | undefined,
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

/** The text of the file. */
export function formatProvenance(provenance: Provenance): string {
  return `${JSON.stringify(provenance, null, 1)}\n`;
}
