/** What `vz trace --report` tells: what came along, from where, why, and what did not. */
import { lstatSync } from "node:fs";
import { toFs } from "../../common/byte-strings.ts";
import type { LeftOut } from "../names/closure-notes.ts";
import type { Selection } from "../names/selection.ts";
import { formatSpec } from "../select/spec.ts";
import type { Package, PackageDatabase } from "./packages.ts";

/** Names are strings of the file functions. Lists are complete, except `biggest`; sizes are bytes. */
export interface TraceReport {
  readonly command: readonly string[];
  readonly files: number;
  readonly links: number;
  readonly directories: number;
  /** Of the files; one that has two names counts once. */
  readonly bytes: number;
  readonly biggest: readonly SizedFile[];
  /** Packages that files came from, those that give most first; null where no package manager is known. */
  readonly packages: readonly PackageShare[] | null;
  /** What all these packages take up when installed. */
  readonly installedSize: number;
  /** Files that no package brought, the biggest first. */
  readonly unowned: readonly SizedFile[];
  /** What no call of the run named. */
  readonly guessed: readonly { readonly path: string; readonly kind: string; readonly why: string }[];
  readonly leftOut: readonly LeftOut[];
  readonly excluded: readonly string[];
  /** Made by the run, and so not here. */
  readonly made: readonly string[];
  readonly removed: readonly string[];
  /** Files and directories of the root that the run wrote to. */
  readonly written: readonly string[];
  /** Against the spec that had this name before; null where there was none. */
  readonly older: { readonly added: readonly string[]; readonly gone: readonly string[] } | null;
}

export interface SizedFile {
  readonly path: string;
  readonly bytes: number;
}

export interface PackageShare extends Package {
  /** In the root. */
  readonly files: number;
  readonly bytes: number;
}

const BIGGEST = 10;

/**
 * @param excluded names that an exclude took out, byte strings
 * @param older lines of the spec that stood there before
 */
export function reportOf(
  command: readonly string[],
  selection: Selection,
  database: PackageDatabase | undefined,
  excluded: readonly string[],
  older: readonly string[] | undefined,
): TraceReport {
  const sizes = sizesOf(selection);
  const all = [...sizes].map(([path, bytes]) => ({ path: toFs(path), bytes }));
  const { shares, unowned } = sharesOf(sizes, database);
  const { guessed, leftOut } = selection.notes;
  const names = (some: Iterable<string>) => [...some].sort().map(toFs);
  return {
    command,
    files: selection.files.size,
    links: selection.links.size,
    directories: selection.directories.size,
    bytes: sum(all),
    biggest: all.sort(byBytes).slice(0, BIGGEST),
    packages: database === undefined ? null : shares,
    installedSize: shares.reduce((total, { installedSize }) => total + installedSize, 0),
    unowned,
    guessed: [...guessed]
      .filter(([path]) => selection.has(path))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, { kind, why }]) => ({ path: toFs(path), kind, why: toFs(why) })),
    leftOut: leftOut.map(({ what, why, include }) => ({
      what: toFs(what),
      why: toFs(why),
      ...(include !== undefined && { include: toFs(include) }),
    })),
    excluded: names(excluded),
    made: names(selection.made),
    removed: names(selection.removed),
    written: names(selection.written),
    older: older === undefined ? null : compare(older, selection),
  };
}

function byBytes(a: SizedFile, b: SizedFile): number {
  return b.bytes - a.bytes || (a.path < b.path ? -1 : 1);
}

function sum(files: readonly SizedFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

/** Bytes of each file, in the order of their names; 0 for the second name of one, and for what is gone meanwhile. */
function sizesOf(selection: Selection): Map<string, number> {
  const seen = new Set<string>();
  const sizes = new Map<string, number>();
  for (const path of [...selection.files].sort()) {
    try {
      const { dev, ino, nlink, size } = lstatSync(selection.fs(path), { bigint: true });
      const key = `${dev}:${ino}`;
      sizes.set(path, nlink > 1n && seen.has(key) ? 0 : Number(size));
      if (nlink > 1n) seen.add(key);
    } catch {
      sizes.set(path, 0);
    }
  }
  return sizes;
}

function sharesOf(
  sizes: ReadonlyMap<string, number>,
  database: PackageDatabase | undefined,
): { shares: PackageShare[]; unowned: SizedFile[] } {
  database?.expect(sizes.keys());
  const owned = new Map<Package, { files: number; bytes: number }>();
  const unowned: SizedFile[] = [];
  for (const [path, bytes] of sizes) {
    const owner = database?.ownerOf(path);
    if (owner === undefined) {
      unowned.push({ path: toFs(path), bytes });
      continue;
    }
    const share = owned.get(owner) ?? { files: 0, bytes: 0 };
    owned.set(owner, { files: share.files + 1, bytes: share.bytes + bytes });
  }
  const shares = [...owned].map(([owner, share]) => ({ ...owner, ...share }));
  shares.sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  return { shares, unowned: unowned.sort(byBytes) };
}

function compare(older: readonly string[], selection: Selection): NonNullable<TraceReport["older"]> {
  const now = formatSpec(selection.paths()).split("\n").slice(0, -1);
  const before = new Set(older);
  const after = new Set(now);
  return {
    added: now.filter((line) => !before.has(line)).map(toFs),
    gone: older.filter((line) => !after.has(line)).map(toFs),
  };
}
