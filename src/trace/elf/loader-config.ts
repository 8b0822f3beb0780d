/** The directories that a dynamic loader searches though no ELF file names them: its own, and those of its configuration. */

import { baseOf, parentOf } from "../names/walk.ts";
import { matchesWildcard } from "../names/wildcard.ts";
import type { LibraryFiles } from "./loader-path.ts";

/** Bytes of a loader in which its directories are looked for; loaders are under 2 MB. */
const LOADER_PART = 4 << 20;
/** Default directories of loaders, kept as long as the same files are asked about. */
const builtInOf = new WeakMap<LibraryFiles, Map<string, readonly string[]>>();
/** Most files that one ld.so.conf leads to. */
const MAX_FILES = 1000;

export class LoaderConfig {
  readonly #files: LibraryFiles;
  readonly #defaults: Map<string, readonly string[]>;
  #configured: readonly string[] | undefined;

  constructor(files: LibraryFiles) {
    this.#files = files;
    this.#defaults = builtInOf.get(files) ?? new Map();
    builtInOf.set(files, this.#defaults);
  }

  /** Directories of /etc/ld.so.conf, which glibc's loader knows through its cache. */
  configured(): readonly string[] {
    this.#configured ??= readConfiguration("/etc/ld.so.conf", this.#files, new Set());
    return this.#configured;
  }

  /** Directories that a loader searches in any case: glibc's hold them as text, musl's are well known. */
  defaults(loader: string | null): readonly string[] {
    const key = loader ?? "";
    let dirs = this.#defaults.get(key);
    if (dirs === undefined) {
      const isOther = loader !== null && isMusl(loader);
      dirs = isOther
        ? this.#musl(loader)
        : builtIn(loader === null ? "" : this.#files.part(loader, 0, LOADER_PART));
      this.#defaults.set(key, dirs);
    }
    return dirs;
  }

  /** What `$LIB` stands for: on Debian "lib/x86_64-linux-gnu", elsewhere "lib64" or "lib". */
  lib(loader: string | null): string {
    return (this.defaults(loader)[0] ?? "/lib").replace(/^\/(usr\/)?/, "");
  }

  #musl(loader: string): readonly string[] {
    const text = this.#files.text(muslPathFile(loader));
    const own = text?.split(/[:\n]/).filter((dir) => dir.startsWith("/"));
    return own ?? ["/lib", "/usr/local/lib", "/usr/lib"];
  }
}

/** By its name: musl has one loader, which is its C library too. */
export function isMusl(loader: string): boolean {
  return baseOf(loader).startsWith("ld-musl-");
}

/** The file that tells musl's loader where to search. */
export function muslPathFile(loader: string): string {
  return `/etc/${baseOf(loader).replace(/\.so\.1$/, ".path")}`;
}

const DIRECTORIES = /(?:\/(?:usr\/)?lib[\w.-]{0,64}\/(?:[\w.-]{1,64}\/)?\0){2,8}/y;

/** glibc's loader holds its directories one after the other, each ended by "/" and a NUL. */
function builtIn(loader: string): string[] {
  // What stands between two of them is searched for first: much quicker than to try the expression everywhere.
  for (let between = loader.indexOf("/\0/"); between >= 0; between = loader.indexOf("/\0/", between + 1)) {
    DIRECTORIES.lastIndex = loader.lastIndexOf("\0", between) + 1;
    const run = DIRECTORIES.exec(loader)?.[0];
    if (run !== undefined) return run.split("\0").flatMap((dir) => (dir === "" ? [] : dir.slice(0, -1)));
  }
  return ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
}

/** Directories of ld.so.conf and of the files that it includes; see ldconfig(8). */
function readConfiguration(path: string, files: LibraryFiles, seen: Set<string>): string[] {
  if (seen.has(path) || seen.size >= MAX_FILES) return [];
  seen.add(path);
  const dirs: string[] = [];
  for (const line of (files.text(path) ?? "").split("\n")) {
    const words = line
      .replace(/#.*/, "")
      .split(/[\s,:]+/)
      .filter((word) => word !== "");
    if (words[0] === "include") {
      for (const pattern of words.slice(1)) {
        const full = pattern.startsWith("/") ? pattern : `${parentOf(path)}/${pattern}`;
        for (const name of expand(full, files)) dirs.push(...readConfiguration(name, files, seen));
      }
    } else if (words[0] !== "hwcap") {
      dirs.push(...words.filter((word) => word.startsWith("/")).map((word) => word.replace(/(.)\/+$/, "$1")));
    }
  }
  return dirs;
}

/** glob(7) in the last component, which is where ldconfig's own files have it. */
function expand(pattern: string, files: LibraryFiles): string[] {
  const last = baseOf(pattern);
  if (!/[*?]/.test(last)) return [pattern];
  const directory = parentOf(pattern);
  const names = files.list(directory).filter((name) => !name.startsWith(".") && matchesWildcard(last, name));
  return names.sort().map((name) => `${directory}/${name}`);
}
