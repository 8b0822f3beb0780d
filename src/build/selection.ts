/**
 * From what a run touched to what its root filesystem needs: existing files that were opened, executed or (regular
 * files) looked at, every link on the way, directories that it opened or made files in. What the run itself made is
 * left out. Pure, but for the walker that it is given.
 */
import { ClosureNotes, type GuessKind } from "./closure-notes.ts";
import { allTouches, FIRST, firstTouch, ROOT_END, Touch } from "./touch.ts";
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

/** What a root filesystem is to hold. All names are real ones (without links in their directories) and byte strings. */
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
  /** What was added and left out without the run's saying so. */
  readonly notes = new ClosureNotes();
  /** Names that were there before the run, which removed them or gave them another name. */
  readonly removed = new Set<string>();
  /** Of what was executed, the directory in which it was first: relative interpreters count from there. */
  readonly executedIn = new Map<string, string>();
  readonly #walker: Walker;
  readonly #objects = new Set<string>();
  readonly #madeDirectories = new Map<string, boolean>();

  constructor(walker: Walker) {
    this.#walker = walker;
  }

  /** What the file functions know one of these names by. */
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

  /** Adds what no call of the run named; a directory, or a link that leads to one, not. Gives its real name. */
  guess(name: string, kind: GuessKind, why: string): string | undefined {
    return this.#guess(this.#walker.resolve(name), kind, why);
  }

  /** The same of a link itself, wherever it leads. */
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

  /** Asked of many files in the same directory, when nothing is added to `made` any more. */
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
 * The kernel's trees are the container's own, and so is what stands in /run; but a link that leads there (as
 * /etc/resolv.conf may) needs its end.
 */
function belongs(path: string, type: Place["type"], links: readonly string[]): boolean {
  // Most names are in other trees.
  if (!"dprs".includes(path[1] ?? "")) return true;
  if (path.startsWith("/proc/") || path.startsWith("/sys/") || path.startsWith("/dev/")) return false;
  if (!path.startsWith("/run/") || type === "directory") return true;
  return links.some((link) => !link.startsWith("/run/") && link !== "/var/run");
}

interface Touched {
  /** As it was named, without the root that it counts from. */
  readonly name: string;
  readonly root: string;
  /** Counts the names. */
  readonly order: number;
  readonly first: number;
  readonly all: number;
  /** Where the name leads, and what stands at the name itself. */
  readonly followed: Place | undefined;
  readonly itself: Place | undefined;
}

/** A name that was there and only opened, or looked at: nearly all are such. */
interface Read {
  readonly place: Place;
  readonly opened: boolean;
  readonly order: number;
}

/** The touches of those, first ones and all. */
const READS = (Touch.opened | Touch.looked) * (1 + (1 << FIRST));

const MAKES = Touch.made | Touch.maybeMade | Touch.removed;
/** Where a program that finds its directory will not make it, though only its packager could: it is kept once it was looked at. */
const STATE = "/var/";

const FOLLOWS = Touch.opened | Touch.executed | Touch.looked | Touch.maybeMade;

/**
 * @param touched as `TraceLog` keeps it
 * @param bornDuringRun which of these files were born since the run started
 * @param executedIn as `TraceLog` keeps it
 */
export function select(
  touched: ReadonlyMap<string, number>,
  walker: Walker,
  bornDuringRun: (paths: readonly string[]) => ReadonlySet<string>,
  executedIn: ReadonlyMap<string, string> = new Map(),
): Selection {
  const all: Touched[] = [];
  const read: Read[] = [];
  const selection = new Selection(walker);
  let order = 0;
  for (const [key, value] of touched) {
    order++;
    const place = (value & ~READS) === 0 && !key.includes(ROOT_END) ? walker.resolve(key) : undefined;
    if (place !== undefined) {
      read.push({ place, opened: (value & Touch.opened) !== 0, order });
      continue;
    }
    const cut = key.indexOf(ROOT_END);
    const root = cut < 0 ? "" : key.slice(0, cut);
    const name = cut < 0 ? key : key.slice(cut + 1);
    const mask = allTouches(value);
    const followed = (mask & FOLLOWS) !== 0 ? walker.resolve(name, true, root) : undefined;
    const itself = (mask & ~FOLLOWS) !== 0 ? walker.resolve(name, false, root) : undefined;
    all.push({ name, root, order, first: firstTouch(value), all: mask, followed, itself });
    const directory = (mask & Touch.executed) !== 0 ? executedIn.get(key) : undefined;
    if (directory !== undefined && followed !== undefined && !selection.executedIn.has(followed.path))
      selection.executedIn.set(followed.path, directory);
  }
  for (const path of madeByRun(all, read, bornDuringRun)) selection.made.add(path);
  for (const { place, opened } of read)
    selection.take(place, place.type === "directory" && (opened || place.path.startsWith(STATE)));
  for (const one of all) choose(one, selection, walker);
  return selection;
}

/** Real names whose first touch, by whatever spelling, was the making of them. */
function madeByRun(
  all: readonly Touched[],
  read: readonly Read[],
  bornDuringRun: (paths: readonly string[]) => ReadonlySet<string>,
): Set<string> {
  const realOf = (one: Touched) =>
    ((one.first & (Touch.made | Touch.removed | Touch.self)) !== 0 ? one.itself : one.followed)?.path;
  const makers = all.filter((one) => (one.first & MAKES) !== 0);
  if (makers.length === 0) return new Set();
  const candidates = new Set(makers.map(realOf));
  const readAt = new Map<string, number>();
  for (const { place, order } of read)
    if (candidates.has(place.path) && !readAt.has(place.path)) readAt.set(place.path, order);
  const first = new Map<string, number>();
  for (const one of all) {
    const path = realOf(one);
    if (path === undefined || !candidates.has(path) || first.has(path)) continue;
    first.set(path, (readAt.get(path) ?? one.order) < one.order ? Touch.looked : one.first);
  }
  const made = new Set<string>();
  const unsure: string[] = [];
  for (const [path, touch] of first) {
    if ((touch & (Touch.made | Touch.removed)) !== 0) made.add(path);
    else if ((touch & Touch.maybeMade) !== 0) unsure.push(path);
  }
  for (const path of bornDuringRun(unsure)) made.add(path);
  return made;
}

function choose(one: Touched, selection: Selection, walker: Walker): void {
  const { followed, itself, all } = one;
  if (followed !== undefined) {
    const { type } = followed;
    const isState = (all & Touch.looked) !== 0 && followed.path.startsWith(STATE);
    selection.take(followed, (all & Touch.opened) !== 0 || isState);
    if ((all & Touch.executed) !== 0 && selection.files.has(followed.path))
      selection.executed.add(followed.path);
    const changed = (all & Touch.written) !== 0 && (type === "file" || type === "directory");
    if (changed && !selection.isMade(followed.path)) {
      selection.written.add(followed.path);
      if (followed.type === "directory") selection.take(followed, true);
    }
  }
  if (itself?.type === "link") selection.take(itself, false);
  const wasThere = (one.first & (Touch.made | Touch.maybeMade)) === 0;
  if (wasThere && (all & Touch.removed) !== 0 && (itself === undefined || selection.isMade(itself.path)))
    selection.removed.add(itself?.path ?? one.root + one.name);
  const makes = (all & MAKES) !== 0;
  const place = followed ?? itself;
  if (place === undefined && !makes)
    selection.notes.leftOut.push({ what: one.name, why: "gone since the run" });
  if (makes && (place === undefined || selection.isMade(place.path))) {
    // The directory must be there for the next run to make it again.
    const parent =
      place === undefined
        ? walker.resolve(parentOf(one.name.replace(/\/+$/, "")), true, one.root)
        : walker.resolve(parentOf(place.path));
    if (parent?.type === "directory" && !selection.isMade(parent.path)) {
      selection.take(parent, true);
      if (!/^\/(proc|sys|dev)(\/|$)/.test(parent.path)) selection.written.add(parent.path);
    }
  }
}
