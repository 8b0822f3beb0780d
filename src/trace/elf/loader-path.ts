/** Finds libraries as the dynamic loader would, without running it: ld.so(8) of glibc, and musl's shorter rules. */
import type { Elf } from "../../common/elf/elf.ts";
import { baseOf, parentOf } from "../names/walk.ts";
import { isMusl, LoaderConfig } from "./loader-config.ts";

/** What the search needs of a file system; all names are byte strings. */
export interface LibraryFiles {
  /** The headers of an ELF file; null for anything else, and where nothing is. */
  elf(path: string): Elf | null;
  /** Contents of a small file, one character a byte, or null. */
  text(path: string): string | null;
  /** Up to `length` bytes from `offset` on, one character each; "" where there is nothing to read. */
  part(path: string, offset: number, length: number): string;
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

/** What `$PLATFORM` stands for: the kernel's AT_PLATFORM. */
const PLATFORMS: Readonly<Record<string, string>> = {
  amd64: "x86_64",
  arm64: "aarch64",
  i386: "i686",
  powerpc: "powerpc",
  s390x: "s390x",
};
/** Libraries of one program; more than real ones have. */
const MAX_LIBRARIES = 4096;

export class LibraryPath {
  readonly #files: LibraryFiles;
  readonly #config: LoaderConfig;
  readonly #environment: readonly string[];
  readonly #found = new Map<string, string | null>();

  /** @param environment the directories of LD_LIBRARY_PATH, absolute ones */
  constructor(files: LibraryFiles, environment: readonly string[] = []) {
    this.#files = files;
    this.#config = new LoaderConfig(files);
    this.#environment = environment;
  }

  /**
   * Every library that `program` needs, directly or not, in the loader's order (breadth first), except the loader.
   * @param loader what loads it, where it names none itself: for a library that a program loads
   */
  needed(program: string, elf: Elf, loader = elf.interpreter): Needed[] {
    const result: Needed[] = [];
    const known = new Set(loader === null ? [] : [baseOf(loader)]);
    const queue: Loaded[] = [{ path: program, elf, parent: undefined }];
    for (let object = queue.shift(); object !== undefined; object = queue.shift()) {
      for (const raw of object.elf.needed) {
        const name = this.#expand(raw, object, loader);
        if (known.has(name) || known.size > MAX_LIBRARIES) continue;
        if (loader !== null && isMusl(loader) && isMuslItself(name)) continue;
        known.add(name);
        const found = this.find(name, object, loader);
        const place = found === null ? null : this.#withoutCache(found, object, loader);
        result.push({ name, found, place, by: object.path });
        const next = found === null ? null : this.#files.elf(found);
        if (found === null || next === null) continue;
        // What is loaded answers to its own name too.
        if (next.soname !== null) known.add(next.soname);
        queue.push({ path: found, elf: next, parent: object });
      }
    }
    return result;
  }

  /** The file that the loader opens for `name`, needed by `object`. */
  find(name: string, object: Loaded, loader: string | null): string | null {
    // Many objects ask for the same few names, and most name no directories of their own.
    if (hasRunPath(object)) return this.#search(name, object, loader);
    const { elf } = object;
    const key = `${elf.class} ${elf.machine} ${elf.noDefaultDirs} ${loader} ${name}`;
    let found = this.#found.get(key);
    if (found === undefined) {
      found = this.#search(name, object, loader);
      this.#found.set(key, found);
    }
    return found;
  }

  #search(name: string, object: Loaded, loader: string | null): string | null {
    if (name.includes("/")) return name.startsWith("/") && this.#fits(name, object.elf) ? name : null;
    for (const directory of this.#directories(object, loader)) {
      const path = `${directory === "/" ? "" : directory}/${name}`;
      if (this.#fits(path, object.elf)) return path;
    }
    return null;
  }

  /** Whether a loader finds what lies in this directory through its cache only. */
  isOnlyCached(directory: string, loader: string | null): boolean {
    if (loader !== null && isMusl(loader)) return false;
    const real = (name: string) => this.#files.real(name) ?? name;
    const among = (names: readonly string[]) => names.some((name) => real(name) === real(directory));
    return !among(this.#config.defaults(loader)) && among(this.#config.configured());
  }

  #withoutCache(found: string, object: Loaded, loader: string | null): string {
    const directory = parentOf(found);
    const defaults = this.#config.defaults(loader);
    const searched = [...this.#runPaths(object, loader), ...this.#environment, ...defaults];
    if (searched.includes(directory) || !this.#config.configured().includes(directory)) return found;
    return `${defaults[0] ?? "/lib"}/${baseOf(found)}`;
  }

  #fits(path: string, elf: Elf): boolean {
    const other = this.#files.elf(path);
    return other !== null && other.class === elf.class && other.machine === elf.machine;
  }

  *#directories(object: Loaded, loader: string | null): Generator<string> {
    const defaults = this.#config.defaults(loader);
    if (loader !== null && isMusl(loader)) {
      yield* this.#environment;
      yield* this.#muslRunPaths(object, loader);
      yield* defaults;
      return;
    }
    const isRpath = object.elf.runpath === null;
    if (isRpath) yield* this.#runPaths(object, loader);
    yield* this.#environment;
    if (!isRpath) yield* this.#runPaths(object, loader);
    const configured = this.#config.configured();
    if (object.elf.noDefaultDirs) {
      yield* configured.filter((directory) => !defaults.includes(directory));
    } else {
      yield* configured;
      yield* defaults;
    }
  }

  /** DT_RUNPATH of the object, else DT_RPATH of it and of all that led to it. */
  #runPaths(object: Loaded, loader: string | null): string[] {
    if (object.elf.runpath !== null) return this.#runPath(object.elf.runpath, object, loader);
    const dirs: string[] = [];
    for (let at: Loaded | undefined = object; at !== undefined; at = at.parent) {
      if (at.elf.runpath === null && at.elf.rpath !== null)
        dirs.push(...this.#runPath(at.elf.rpath, at, loader));
    }
    return dirs;
  }

  /** musl makes no difference between the two, and lets both serve all that the object leads to. */
  #muslRunPaths(object: Loaded, loader: string): string[] {
    const dirs: string[] = [];
    for (let at: Loaded | undefined = object; at !== undefined; at = at.parent)
      dirs.push(...this.#runPath(at.elf.runpath ?? at.elf.rpath ?? "", at, loader));
    return dirs;
  }

  #runPath(value: string, object: Loaded, loader: string | null): string[] {
    const entries = value.split(":").map((entry) => this.#expand(entry, object, loader));
    // A relative entry means another place in each run.
    return entries
      .filter((entry) => entry.startsWith("/") && !entry.includes("$"))
      .map((entry) => entry.replace(/(.)\/+$/, "$1"));
  }

  /** Dynamic string tokens; see ld.so(8). */
  #expand(text: string, object: Loaded, loader: string | null): string {
    if (!text.includes("$")) return text;
    return text.replaceAll(
      /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?!\w))/g,
      (all, braced, bare) => {
        const token = braced ?? bare;
        if (token === "ORIGIN") return parentOf(this.#files.real(object.path) ?? object.path);
        return token === "LIB" ? this.#config.lib(loader) : (PLATFORMS[object.elf.machine] ?? all);
      },
    );
  }
}

/** Whether musl's loader itself is the library of this name. */
function isMuslItself(name: string): boolean {
  return name.startsWith("libc.musl-") || /^lib(c|pthread|rt|m|dl|util|xnet)\.so(\.|$)/.test(name);
}

/** Whether the object, or what led to it, says itself where to search. */
function hasRunPath(object: Loaded): boolean {
  for (let at: Loaded | undefined = object; at !== undefined; at = at.parent)
    if (at.elf.rpath !== null || at.elf.runpath !== null) return true;
  return false;
}
