/** What differs between two images, by their manifests alone. */
import { compareNames } from "../common/image/file-names.ts";
import { CONFIG_NAME, type Entry, type Manifest, type Provenance } from "../common/image/manifest.ts";
import { comparePackages } from "./build/provenance.ts";

/** An image to be compared. */
export interface Side {
  readonly manifest: Manifest;
  readonly provenance: Provenance | undefined;
}

/** Something that differs between two images; undefined where an image lacks it. */
export interface Change<T> {
  readonly a: T | undefined;
  readonly b: T | undefined;
}

export interface FileChange extends Change<Entry> {
  readonly path: string;
  /** What differs in a file that both have: "type", "mode", "owner", "content", "target", "device". */
  readonly what: readonly string[];
}

export interface ImageDiff {
  /** What the manifests say of the images as a whole, by key. */
  readonly facts: readonly (Change<unknown> & { readonly key: string })[];
  readonly packages: readonly (Change<string> & { readonly name: string; readonly architecture: string })[];
  readonly files: readonly FileChange[];
  /** Objects of the second image that a store with the first one lacks, and their sizes in bytes: what a push costs. */
  readonly send: { readonly objects: number; readonly bytes: number };
}

export function diffImages(a: Side, b: Side): ImageDiff {
  return {
    facts: factsOf(a, b),
    packages: merge(a.provenance?.packages ?? [], b.provenance?.packages ?? [], comparePackages)
      .filter((pair) => pair.a?.version !== pair.b?.version)
      .map((pair) => {
        const { name = "", architecture = "" } = pair.a ?? pair.b ?? {};
        return { name, architecture, a: pair.a?.version, b: pair.b?.version };
      }),
    files: merge(a.manifest.files, b.manifest.files, (x, y) => compareNames(x.path, y.path)).flatMap(
      (pair) => {
        const what = pair.a && pair.b ? changesOf(pair.a, pair.b) : [];
        if (pair.a && pair.b && what.length === 0) return [];
        return [{ path: (pair.a ?? pair.b)?.path ?? "", ...pair, what }];
      },
    ),
    send: newObjects(a.manifest, b.manifest),
  };
}

const KEYS = ["name", "created", "architecture", "command", "kernelFloor"] as const;

function factsOf(a: Side, b: Side): ImageDiff["facts"] {
  const facts = [
    ...KEYS.map((key) => ({ key: key as string, a: a.manifest[key], b: b.manifest[key] })),
    { key: "provenance.command", a: a.provenance?.command, b: b.provenance?.command },
    { key: "provenance.host", a: a.provenance?.host, b: b.provenance?.host },
  ];
  return facts.filter((fact) => JSON.stringify(fact.a) !== JSON.stringify(fact.b));
}

/** Goes through two lists in the same order, side by side. */
function merge<T>(a: readonly T[], b: readonly T[], compare: (x: T, y: T) => number): Change<T>[] {
  const pairs: Change<T>[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [x, y] = [a[i], b[j]];
    const order = x === undefined ? 1 : y === undefined ? -1 : compare(x, y);
    if (order <= 0) i++;
    if (order >= 0) j++;
    pairs.push({ a: order <= 0 ? x : undefined, b: order >= 0 ? y : undefined });
  }
  return pairs;
}

function changesOf(a: Entry, b: Entry): string[] {
  const what: string[] = [];
  if (a.type !== b.type) what.push("type");
  if (a.mode !== b.mode) what.push("mode");
  if (a.uid !== b.uid || a.gid !== b.gid) what.push("owner");
  if (a.type === "file" && b.type === "file" && a.sha256 !== b.sha256) what.push("content");
  if (a.type === "symlink" && b.type === "symlink" && a.target !== b.target) what.push("target");
  if ("major" in a && "major" in b && (a.major !== b.major || a.minor !== b.minor)) what.push("device");
  return what;
}

function newObjects(a: Manifest, b: Manifest): ImageDiff["send"] {
  const known = objectsOf(a);
  const sizes = [...objectsOf(b)].flatMap(([key, size]) => (known.has(key) ? [] : [size]));
  return { objects: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** A slave's store knows a file by its content, mode and owner, and keeps each image's config.json apart. */
function objectsOf({ files }: Manifest): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const entry of files) {
    if (entry.type !== "file" || entry.path === CONFIG_NAME) continue;
    sizes.set(`${entry.sha256} ${entry.mode} ${entry.uid} ${entry.gid}`, entry.size);
  }
  return sizes;
}
