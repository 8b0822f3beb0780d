/** Libraries that a run did not load, though what came along names them: by DT_NEEDED, or as what dlopen(3) may load. */
import type { Elf } from "../../common/elf/elf.ts";
import type { LibraryFiles, LibraryPath } from "../elf/loader-path.ts";
import { literalGlob } from "../names/closure-notes.ts";
import type { Selection } from "../names/selection.ts";
import { baseOf, parentOf } from "../names/walk.ts";
import { optionalLibraries } from "./dlopen-notes.ts";

const CACHE = "/etc/ld.so.cache";
/** Rounds of libraries that bring others on a guess. */
const MAX_ROUNDS = 16;

/** Names of shared libraries and of plugins for programs that load them. */
export function isLibraryName(path: string): boolean {
  if (!path.includes(".so") && !path.endsWith(".node")) return false;
  return /\.(so(\.[\w.-]+)?|node)$/.test(baseOf(path));
}

/** Adds what all programs and libraries of the selection name, and what those name in turn. */
export function addLibraries(selection: Selection, files: LibraryFiles, path: LibraryPath): void {
  const finder = new LibraryFinder(selection, files, path);
  const done = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const fresh = [...selection.executed, ...selection.objects().filter(isLibraryName)].filter(
      (file) => !done.has(file),
    );
    if (fresh.length === 0) return;
    for (const file of fresh) done.add(file);
    // Mostly the loader has loaded all, and nothing need be searched for; each file is asked only for what it names itself.
    if (!fresh.every((file) => finder.hasNeeded(file))) for (const file of fresh) finder.addNeeded(file);
    for (const file of fresh) finder.addOptional(file);
  }
}

class LibraryFinder {
  readonly #selection: Selection;
  readonly #files: LibraryFiles;
  readonly #path: LibraryPath;
  /** The loader for each class and machine. */
  readonly #loaders = new Map<string, string>();
  /** Files and links that came along, by the last part of their names. */
  readonly #byName = new Map<string, string[]>();

  constructor(selection: Selection, files: LibraryFiles, path: LibraryPath) {
    this.#selection = selection;
    this.#files = files;
    this.#path = path;
    for (const name of [...selection.objects(), ...selection.links]) this.#remember(name);
    for (const program of selection.executed) {
      const elf = files.elf(program);
      if (elf === null || elf.interpreter === null || this.#loaders.has(kindOf(elf))) continue;
      this.#loaders.set(kindOf(elf), elf.interpreter);
    }
  }

  /** Whether all that this file itself needs came along. */
  hasNeeded(file: string): boolean {
    const elf = this.#files.elf(file);
    return elf === null || elf.needed.every((name) => this.#has(name, elf));
  }

  addNeeded(file: string): void {
    const elf = this.#files.elf(file);
    if (elf === null) return;
    for (const { name, found, by } of this.#path.needed(file, elf, this.#loaderOf(elf))) {
      if (this.#has(name, elf)) continue;
      if (found !== null) this.#add(found, "library", `library of ${by}`);
      else this.#leaveOut(name, `not found, though ${by} needs it`);
    }
  }

  /** Takes the first that exists of each set of alternatives; leaves out what is only suggested. */
  addOptional(file: string): void {
    const elf = this.#files.elf(file);
    if (elf === null) return;
    for (const { names, feature, priority } of optionalLibraries(file, elf, this.#files)) {
      if (names.some((name) => this.#has(name, elf))) continue;
      const loader = this.#loaderOf(elf);
      const object = { path: file, elf, parent: undefined };
      const found = names.map((name) => this.#path.find(name, object, loader)).find((one) => one !== null);
      const use = feature === "" ? file : `${file}, for ${feature}`;
      if (found === undefined || found === null) continue;
      if (priority !== "suggested") this.#add(found, "dlopen", `${priority} by ${use}`);
      else this.#leaveOut(found, `only suggested by ${use}`, literalGlob(found));
    }
  }

  #loaderOf(elf: Elf): string | null {
    return elf.interpreter ?? this.#loaders.get(kindOf(elf)) ?? null;
  }

  #add(found: string, kind: "library" | "dlopen", why: string): void {
    const real = this.#selection.guess(found, kind, why);
    this.#remember(found);
    if (real !== undefined) this.#remember(real);
  }

  #leaveOut(what: string, why: string, include?: string): void {
    const { leftOut } = this.#selection.notes;
    if (leftOut.some((one) => one.what === what)) return;
    leftOut.push({ what, why, ...(include === undefined ? {} : { include }) });
  }

  #remember(name: string): void {
    const base = baseOf(name);
    const names = this.#byName.get(base);
    if (names === undefined) this.#byName.set(base, [name]);
    else names.push(name);
  }

  #named(base: string): readonly string[] {
    const known = this.#byName.get(base) ?? [];
    // Nothing keeps a library from having an unusual name.
    if (known.length > 0 || base.includes(".so")) return known;
    return [...this.#selection.files].filter((file) => file.endsWith(`/${base}`));
  }

  /** Whether a library of that name came along, from wherever, that this file could load. */
  #has(name: string, elf: Elf): boolean {
    return this.#named(baseOf(name)).some((one) => {
      const other = this.#files.elf(one);
      return other !== null && kindOf(other) === kindOf(elf);
    });
  }
}

function kindOf(elf: Elf): string {
  return `${elf.class} ${elf.machine}`;
}

/**
 * The loader's cache lists what this system has, and not what the root holds; without it the loader searches its own
 * directories. So it stays only where a library lies elsewhere, and where a program was run that reads it.
 */
export function dropCache(
  selection: Selection,
  files: LibraryFiles,
  path: LibraryPath,
  wanted: ReadonlySet<string>,
): void {
  if (!selection.files.has(CACHE) || wanted.has(CACHE)) return;
  const loaders = new Set<string | null>();
  for (const program of selection.executed) {
    if (baseOf(program).startsWith("ldconfig")) return;
    const loader = files.elf(program)?.interpreter ?? null;
    if (loader !== null) loaders.add(loader);
  }
  const directories = new Set(selection.objects().filter(isLibraryName).map(parentOf));
  for (const loader of loaders) {
    for (const directory of directories) if (path.isOnlyCached(directory, loader)) return;
  }
  if (loaders.size === 0) return;
  selection.files.delete(CACHE);
  const why = "lists this system's libraries; those here are found without it";
  selection.notes.leftOut.push({ what: CACHE, why, include: CACHE });
}
