/** What a root filesystem is to hold, and what is told of it. */
import { ClosureNotes, type GuessKind } from "./closure-notes.ts";
import { type Place, parentOf, type Walker } from "./walk.ts";

/** Devices that a root filesystem may hold, by major and minor number: devices.txt of the kernel. */
export const COMMON_DEVICES: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  "/dev/full": [1, 7],
  "/dev/null": [1, 3],
  "/dev/ptmx": [5, 2],
  "/dev/random": [1, 8],
  "/dev/tty": [5, 0],
  "/dev/urandom": [1, 9],
  "/dev/zero": [1, 5],
};

/** All names are real ones (without links in their directories) and byte strings. */
export class Selection {
  readonly files = new Set<string>();
  readonly directories = new Set<string>();
  readonly links = new Set<string>();
  /** Of the files, those that were executed. */
  readonly executed = new Set<string>();
  /** Of the devices that were opened, those that mean the same everywhere. */
  readonly devices = new Set<string>();
  /** Files and directories that the run wrote to. */
  readonly written = new Set<string>();
  /** Made by the run and there still. */
  readonly made = new Set<string>();
  /** What was added or left out though no call of the run showed it. */
  readonly notes = new ClosureNotes();
  /** Names that were there before the run, which removed them or gave them another name. */
  readonly removed = new Set<string>();
  /** For each executed file, the working directory of its first execution: relative interpreters count from there. */
  readonly executedIn = new Map<string, string>();
  readonly #walker: Walker;
  readonly #objects = new Set<string>();
  readonly #madeDirectories = new Map<string, boolean>();

  constructor(walker: Walker) {
    this.#walker = walker;
  }

  /** The name by which the file functions know one of these. */
  fs(path: string): string {
    return this.#walker.fs(path);
  }

  /** All names in the order of their bytes. */
  paths(): string[] {
    return [...this.files, ...this.directories, ...this.links, ...this.devices].sort();
  }

  /** Adds a name with all links on its way; a directory only if `directory` says so. Gives its real name. */
  add(name: string, directory = false): string | undefined {
    const place = this.#walker.resolve(name);
    if (place !== undefined) this.take(place, directory);
    return place?.path;
  }

  /** Adds what no call of the run named, except a directory or a link that leads to one. Gives its real name. */
  guess(name: string, kind: GuessKind, why: string): string | undefined {
    return this.#guess(this.#walker.resolve(name), kind, why);
  }

  /** The same for a link itself, wherever it leads. */
  guessLink(name: string, kind: GuessKind, why: string): string | undefined {
    return this.#guess(this.#walker.resolve(name, false), kind, why);
  }

  #guess(place: Place | undefined, kind: GuessKind, why: string): string | undefined {
    if (place === undefined) return undefined;
    const fresh = [place.path, ...place.links].filter((path) => !this.has(path));
    this.take(place, false);
    for (const path of fresh) if (this.has(path)) this.notes.guessed.set(path, { kind, why });
    return place.path;
  }

  has(path: string): boolean {
    return this.files.has(path) || this.links.has(path) || this.directories.has(path);
  }

  take(place: Place, directory: boolean): void {
    const { path, type } = place;
    if (type === "device" && Object.hasOwn(COMMON_DEVICES, path)) this.devices.add(path);
    const wanted = type === "file" || type === "link" || (type === "directory" && directory);
    if (!wanted || path === "/" || this.isMade(path) || !belongs(path, type, place.links)) return;
    if (type === "file") this.addFile(path);
    else if (type === "link") this.links.add(path);
    else this.directories.add(path);
    for (const link of place.links) if (belongs(link, "link", []) && !this.isMade(link)) this.links.add(link);
  }

  /** Adds a real name as it is. */
  addFile(path: string): void {
    this.files.add(path);
    if (path.includes(".so") || path.endsWith(".node")) this.#objects.add(path);
  }

  /** Files that may be shared libraries by their names: few of many. */
  objects(): string[] {
    return [...this.#objects].filter((path) => this.files.has(path));
  }

  /** Whether neither the file's group nor others may read it. */
  isSecret(path: string): boolean {
    const mode = this.#walker.look(path)?.mode;
    return mode !== undefined && (mode & 0o044) === 0;
  }

  /** Whether the run made this, or a directory above it. */
  isMade(path: string): boolean {
    if (this.made.size === 0 || path === "/") return false;
    return this.made.has(path) || this.#isBelowMade(parentOf(path));
  }

  /** Remembers its answers, since many files lie in the same directory: nothing is added to `made` by now. */
  #isBelowMade(directory: string): boolean {
    let made = this.#madeDirectories.get(directory);
    if (made === undefined) {
      made = this.isMade(directory);
      this.#madeDirectories.set(directory, made);
    }
    return made;
  }
}

/**
 * The kernel's trees are the container's own, and so is what stands in /run; but a link that leads into /run (as
 * /etc/resolv.conf may) needs its target.
 */
function belongs(path: string, type: Place["type"], links: readonly string[]): boolean {
  // Most names are in other trees.
  if (!"dprs".includes(path[1] ?? "")) return true;
  if (path.startsWith("/proc/") || path.startsWith("/sys/") || path.startsWith("/dev/")) return false;
  if (!path.startsWith("/run/") || type === "directory") return true;
  return links.some((link) => !link.startsWith("/run/") && link !== "/var/run");
}
