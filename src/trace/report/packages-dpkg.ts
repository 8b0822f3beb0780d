/**
 * dpkg's database in /var/lib/dpkg: `info/PACKAGE.list` or `info/PACKAGE:ARCH.list` names a package's files, one a line;
 * `status` describes packages (deb-control(5), dpkg-query(1)); `diversions` has three lines for each file that a package
 * moved out of its way (dpkg-divert(1)).
 */
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { normalize } from "node:path";
import { fromFs, toFs } from "../../common/byte-strings.ts";
import { hasCode } from "../../common/errors.ts";
import { eachLine } from "../names/lines.ts";
import type { Package } from "./packages.ts";

const DATABASE = "/var/lib/dpkg";
/** `diversions` has it in place of a package for a diversion by the administrator. */
const LOCAL = ":";

interface Diversion {
  readonly from: string;
  readonly to: string;
  /** The package that has its own file at `from`. */
  readonly by: string;
}

/** A path that is looked for, under one of the names by which a list may have it. */
interface Claim {
  readonly path: string;
  readonly isOwner: (packageName: string) => boolean;
}

/** @param root "" or the directory that stands for it */
export function hasDpkg(root: string): boolean {
  return existsSync(`${root}${DATABASE}/status`) && existsSync(`${root}${DATABASE}/info`);
}

/**
 * @param root "" or the directory that stands for it
 * @param paths real paths, byte strings
 */
export function dpkgOwners(root: string, paths: readonly string[]): Map<string, Package> {
  const aliases = readAliases(root);
  const diversions = readDiversions(root);
  const wanted = new Map<string, Claim[]>();
  for (const path of paths) {
    for (const [name, claim] of claimsOf(path, aliases, diversions)) {
      const others = wanted.get(name);
      if (others === undefined) wanted.set(name, [claim]);
      else others.push(claim);
    }
  }
  const keys = findKeys(root, wanted);
  const packages = readStatus(root, new Set(keys.values()));
  const owners = new Map<string, Package>();
  for (const [path, key] of keys) {
    const owner = packages.get(key);
    if (owner !== undefined) owners.set(path, owner);
  }
  return owners;
}

/** Directories that are links: [name in lists, real name], as ["/bin/", "/usr/bin/"] where /usr is merged. */
type Alias = readonly [listed: string, real: string];

function readAliases(root: string): Alias[] {
  return readdirSync(root || "/").flatMap((name): Alias[] => {
    try {
      const target = fromFs(readlinkSync(`${root}/${name}`));
      return [[`/${fromFs(name)}/`, `${normalize(`/${target}`).replace(/\/$/, "")}/`]];
    } catch (error) {
      if (hasCode(error, "EINVAL", "ENOENT")) return [];
      throw error;
    }
  });
}

function namesOf(path: string, aliases: readonly Alias[]): string[] {
  const real = aliases.reduce((name, [listed, to]) => rebase(name, listed, to) ?? name, path);
  return [real, ...aliases.flatMap(([listed, to]) => rebase(real, to, listed) ?? [])];
}

function rebase(path: string, from: string, to: string): string | undefined {
  return path.startsWith(from) ? to + path.slice(from.length) : undefined;
}

function readDiversions(root: string): Diversion[] {
  const lines: string[] = [];
  eachLine(`${root}${DATABASE}/diversions`, (line) => lines.push(line));
  const diversions: Diversion[] = [];
  for (let i = 0; i + 2 < lines.length; i += 3) {
    const [from = "", to = "", by = ""] = lines.slice(i, i + 3);
    diversions.push({ from, to, by });
  }
  return diversions;
}

/** The names under which lists may have `path`, each with what tells its owner from another package that lists it. */
function claimsOf(
  path: string,
  aliases: readonly Alias[],
  diversions: readonly Diversion[],
): [name: string, Claim][] {
  const names = namesOf(path, aliases);
  const moved = diversions.find(({ to }) => names.includes(to));
  if (moved !== undefined) {
    const isOwner = (name: string) => name !== moved.by;
    return namesOf(moved.from, aliases).map((name) => [name, { path, isOwner }]);
  }
  const diverted = diversions.find(({ from }) => names.includes(from));
  const isOwner = (name: string) => diverted === undefined || (name === diverted.by && name !== LOCAL);
  return names.map((name) => [name, { path, isOwner }]);
}

/** Path -> "PACKAGE" or "PACKAGE:ARCH" of the first list that has it. */
function findKeys(root: string, wanted: ReadonlyMap<string, readonly Claim[]>): Map<string, string> {
  const keys = new Map<string, string>();
  const info = `${root}${DATABASE}/info`;
  for (const file of readdirSync(info).sort()) {
    const key = /^(.+)\.list$/.exec(file)?.[1];
    if (key === undefined) continue;
    const name = fromFs(key.replace(/:.*/, ""));
    eachLine(`${info}/${file}`, (line) => {
      for (const { path, isOwner } of wanted.get(line) ?? []) {
        if (isOwner(name) && !keys.has(path)) keys.set(path, key);
      }
    });
  }
  return keys;
}

const FIELD = /^(Package|Version|Architecture|Installed-Size): *(.*)$/;

/** @param keys as `findKeys` gives them */
function readStatus(root: string, keys: ReadonlySet<string>): Map<string, Package> {
  const packages = new Map<string, Package>();
  let fields: Record<string, string> = {};
  const end = () => {
    const { Package: name = "", Version: version, Architecture: architecture = "" } = fields;
    // Only an installed package has a version; the size is in units of 1024 bytes.
    const size = Number(fields["Installed-Size"] ?? 0) * 1024;
    fields = {};
    if (version === undefined) return;
    const found = { name, version, architecture, installedSize: Number.isSafeInteger(size) ? size : 0 };
    for (const key of [`${name}:${architecture}`, name]) {
      if (keys.has(key) && !packages.has(key)) packages.set(key, found);
    }
  };
  eachLine(`${root}${DATABASE}/status`, (line) => {
    if (line === "") end();
    const field = FIELD.exec(line);
    if (field !== null) fields[field[1] ?? ""] = toFs(field[2] ?? "");
  });
  end();
  return packages;
}
