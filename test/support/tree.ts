/** A file system in memory, for tests of what walks and searches one. */

import { type Elf, readElf } from "../../src/common/elf/elf.ts";
import type { LibraryFiles } from "../../src/trace/elf/loader-path.ts";
import { type Look, Walker } from "../../src/trace/names/walk.ts";

/** Content by absolute name: text or bytes of a file, `{ link }`, or "dir". Directories above are made. */
export type Tree = Readonly<
  Record<string, string | Uint8Array | { readonly link: string } | { readonly device: true }>
>;

export function lookIn(tree: Tree): Look {
  const directories = new Set<string>();
  for (const name of Object.keys(tree)) {
    for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1))
      directories.add(name.slice(0, at));
  }
  return (path) => {
    const entry = tree[path];
    if (directories.has(path) || entry === "dir") return { type: "directory" };
    if (entry === undefined) return null;
    if (typeof entry === "string" || entry instanceof Uint8Array) return { type: "file" };
    return "link" in entry ? { type: "link", target: entry.link } : { type: "device" };
  };
}

export function walkerOf(tree: Tree): Walker {
  return new Walker("", lookIn(tree));
}

/** The tree as the search for libraries sees it. */
export function filesOf(tree: Tree): LibraryFiles {
  const walker = walkerOf(tree);
  const content = (path: string) => {
    const place = walker.resolve(path);
    const entry = place?.type === "file" ? tree[place.path] : undefined;
    return typeof entry === "string" || entry instanceof Uint8Array ? entry : null;
  };
  const text = (path: string): string | null => {
    const entry = content(path);
    return entry instanceof Uint8Array ? Buffer.from(entry).toString("latin1") : entry;
  };
  return {
    elf(path): Elf | null {
      const entry = content(path);
      return entry instanceof Uint8Array ? readElf(entry) : null;
    },
    text,
    part: (path, offset, length) => (text(path) ?? "").slice(offset, offset + length),
    list: (directory) => {
      const prefix = `${walker.resolve(directory)?.path}/`;
      const names = Object.keys(tree).flatMap((name) =>
        name.startsWith(prefix) ? [name.slice(prefix.length).split("/")[0] ?? ""] : [],
      );
      return [...new Set(names)];
    },
    real: (path) => walker.resolve(path)?.path ?? null,
  };
}
