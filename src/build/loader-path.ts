/**
 * Finds libraries as the dynamic loader would, without running it: ld.so(8) of glibc, and musl's shorter rules.
 * The variable LD_LIBRARY_PATH counts for nothing here.
 */
import type { Elf } from "../common/elf.ts";
import { baseOf, parentOf } from "./walk.ts";

/** What the search needs of a file system; all names are byte strings. */
export interface LibraryFiles {
  /** The headers of an ELF file; null for anything else, and where nothing is. */
  elf(path: string): Elf | null;
  /** Contents of a file, one character a byte, or null. */
  text(path: string): string | null;
  /** Names in a directory. */
  list(directory: string): string[];
  /** The name behind all links, or null. */
  real(path: string): string | null;
}

/** A program or library on the way to a library that it needs. */
export interface Loaded {
  /** The name that it was found by. */
  readonly path: string;
  readonly elf: Elf;
  /** What needed it; undefined for the program. */
  readonly parent: Loaded | undefined;
}

export interface Needed {
  readonly name: string;
  /** The name that the loader would open; null where there is none. */
  readonly found: string | null;
  /** Where the loader finds it in a root without /etc/ld.so.cache: `found`, or a default directory. */
  readonly place: string | null;
  /** What needs it. */
  readonly by: string;
}

export class LibraryPath {
  readonly #files: LibraryFiles;
  readonly #defaults = new Map<string, readonly string[]>();
  #configured: readonly string[] | undefined;

  constructor(files: LibraryFiles) {
    this.#files = files;
  }

  /** Every library that `program` needs, directly or not, in the loader's order (breadth first), but the loader. */
  needed(program: string, elf: Elf): Needed[] {
    const result: Needed[] = [];
    const loader = elf.interpreter;
    const known = new Set(loader === null ? [] : [baseOf(loader)]);
    const queue: Loaded[] = [{ path: program, elf, parent: undefined }];
    for (let object = queue.shift(); object !== undefined; object = queue.shift()) {
      for (const name of object.elf.needed) {
        if (known.has(name) || (loader !== null && isMusl(loader) && isMuslItself(name))) continue;
        known.add(name);
        const found = this.find(name, object, loader);
        const place = found === null ? null : this.#withoutCache(found, object, loader);
        result.push({ name, found, place, by: object.path });
        const next = found === null ? null : this.#files.elf(found);
        if (found !== null && next !== null) queue.push({ path: found, elf: next, parent: object });
      }
    }
    return result;
  }

  /** The file that the loader opens for `name`, needed by `object`. */
  find(name: string, object: Loaded, loader: string | null): string | null {
    if (name.includes("/")) return this.#fits(name, object.elf) ? name : null;
    for (const directory of this.#directories(object, loader)) {
      const path = `${directory === "/" ? "" : directory}/${name}`;
      if (this.#fits(path, object.elf)) return path;
    }
    return null;
  }

  #withoutCache(found: string, object: Loaded, loader: string | null): string {
    const directory = parentOf(found);
    const searched = [...this.#runPaths(object), ...this.defaultDirs(loader)];
    if (searched.includes(directory) || !this.#fromConfiguration().includes(directory)) return found;
    return `${this.defaultDirs(loader)[0] ?? "/lib"}/${baseOf(found)}`;
  }

  #fits(path: string, elf: Elf): boolean {
    const other = this.#files.elf(path);
    return other !== null && other.class === elf.class && other.machine === elf.machine;
  }

  *#directories(object: Loaded, loader: string | null): Generator<string> {
    yield* this.#runPaths(object);
    if (object.elf.noDefaultDirs) return;
    if (loader === null || !isMusl(loader)) yield* this.#fromConfiguration();
    yield* this.defaultDirs(loader);
  }

  /** DT_RUNPATH of the object, else DT_RPATH of it and of all that led to it. */
  #runPaths(object: Loaded): string[] {
    if (object.elf.runpath !== null) return this.#runPath(object.elf.runpath, object);
    const dirs: string[] = [];
    for (let at: Loaded | undefined = object; at !== undefined; at = at.parent) {
      if (at.elf.runpath === null && at.elf.rpath !== null) dirs.push(...this.#runPath(at.elf.rpath, at));
    }
    return dirs;
  }

  #runPath(value: string, object: Loaded): string[] {
    const origin = parentOf(this.#files.real(object.path) ?? object.path);
    const entries = value.split(":").map((entry) => entry.replaceAll(/\$(ORIGIN|\{ORIGIN\})/g, () => origin));
    // $LIB and $PLATFORM stand for what only that loader knows; a relative entry means another place in each run.
    return entries.filter((entry) => entry.startsWith("/") && !entry.includes("$"));
  }

  #fromConfiguration(): readonly string[] {
    this.#configured ??= readConfiguration("/etc/ld.so.conf", this.#files, new Set());
    return this.#configured;
  }

  /** Directories that a loader searches without being told: glibc's hold them as text, musl's are well known. */
  defaultDirs(loader: string | null): readonly string[] {
    const key = loader ?? "";
    let dirs = this.#defaults.get(key);
    if (dirs === undefined) {
      if (loader !== null && isMusl(loader)) {
        const file = `/etc/${baseOf(loader).replace(/\.so\.1$/, ".path")}`;
        const own = this.#files
          .text(file)
          ?.split(/[:\n]/)
          .filter((dir) => dir.startsWith("/"));
        dirs = own ?? ["/lib", "/usr/local/lib", "/usr/lib"];
      } else {
        dirs = builtIn(loader === null ? null : this.#files.text(loader));
      }
      this.#defaults.set(key, dirs);
    }
    return dirs;
  }
}

export function isMusl(loader: string): boolean {
  return baseOf(loader).startsWith("ld-musl-");
}

/** Names that musl's loader answers itself. */
function isMuslItself(name: string): boolean {
  return name.startsWith("libc.musl-") || /^lib(c|pthread|rt|m|dl|util|xnet)\.so(\.|$)/.test(name);
}

/** glibc's loader holds its directories one after the other, each ended by "/" and a NUL. */
function builtIn(loader: string | null): string[] {
  const run = loader === null ? undefined : /(?:\/(?:usr\/)?lib[\w./-]*\/\0){2,}/.exec(loader)?.[0];
  if (run === undefined) return ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
  return run.split("\0").flatMap((dir) => (dir === "" ? [] : dir.slice(0, -1)));
}

/** Directories of ld.so.conf and of the files that it includes; see ldconfig(8). */
function readConfiguration(path: string, files: LibraryFiles, seen: Set<string>): string[] {
  if (seen.has(path)) return [];
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
  const literal = last.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  const match = new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
  const directory = parentOf(pattern);
  const names = files.list(directory).filter((name) => match.test(name) && !name.startsWith("."));
  return names.sort().map((name) => `${directory}/${name}`);
}
