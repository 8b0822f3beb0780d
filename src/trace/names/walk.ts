/**
 * Walks a name as the kernel does (path_resolution(7)), component by component, and tells every symbolic link on the
 * way. All names are byte strings.
 */
import * as sys from "vz:sys";
import { fromFs, toFs } from "../../common/byte-strings.ts";

export type FileType = "file" | "directory" | "link" | "device" | "other";

/** By the part of st_mode that says so; see inode(7). */
const TYPES: Readonly<Record<number, FileType>> = { 2: "device", 4: "directory", 8: "file", 10: "link" };
const LINK = 10;

export interface Seen {
  readonly type: FileType;
  /** st_mode, where the file is a real one. */
  readonly mode?: number;
  /** Text of a link. */
  readonly target?: string;
}

/** Looks at one name without following it; null where nothing is, or nothing can be seen. */
export type Look = (path: string) => Seen | null;

export interface Place {
  /** Without links, "." and "..". */
  readonly path: string;
  readonly type: FileType;
  /** Links on the way, by their own real names. */
  readonly links: readonly string[];
}

/** As many as the kernel follows (MAXSYMLINKS). */
const MAX_LINKS = 40;

/** Looks at the real file system; `name` is a string of the file functions. */
function lookAtFile(name: string): Seen | null {
  const mode = sys.mode(name);
  if (mode === 0) return null;
  return mode >> 12 === LINK ? { type: "link", mode, target: fromFs(sys.readlink(name)) } : seenAs(mode);
}

/** Most files share their mode with many others. */
const byMode = new Map<number, Seen>();

function seenAs(mode: number): Seen {
  let seen = byMode.get(mode);
  if (seen === undefined) {
    seen = { type: TYPES[mode >> 12] ?? "other", mode };
    byMode.set(mode, seen);
  }
  return seen;
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** What all of these begin with: a quick way to tell that a name is none of them, nor below one. */
export function commonStart([first = "", ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

export class Walker {
  /** Where "/" lies, "" for this system's own root. */
  readonly root: string;
  readonly #look: Look;
  /** False while files come and go: then what is absent is looked for again each time. */
  settled = true;
  readonly #seen = new Map<string, Seen | null>();
  readonly #directories = new Map<string, Place | null>();

  /**
   * @param root where "/" lies, without a slash at the end ("" for this system's own), a string of the file functions.
   *   Names and links are taken as from inside of it; none leads out.
   */
  constructor(root = "", look: Look = (path) => lookAtFile(root + toFs(path))) {
    this.root = root;
    this.#look = look;
  }

  /** The name by which the file functions know a real name, which `resolve` gave. */
  fs(real: string): string {
    return this.root + toFs(real);
  }

  /**
   * Looks at what many names lead to, at little cost, so that `resolve` finds it known. For a walker of this system's own root
   * that is not settled.
   * @returns for each name its place, where that is a regular file that was not known before
   */
  lookAhead(names: readonly string[]): (Place | undefined)[] {
    const places: (Place | undefined)[] = [];
    const unknown: string[] = [];
    const indexes: number[] = [];
    const links: (readonly string[])[] = [];
    for (const name of names) {
      const cut = name.lastIndexOf("/");
      const directory = cut > 0 ? this.#directory(name.slice(0, cut)) : null;
      const length = places.push(undefined);
      if (directory === null) continue;
      const real = directory.path === "/" ? name.slice(cut) : directory.path + name.slice(cut);
      if (this.#seen.has(real)) continue;
      unknown.push(real);
      indexes.push(length - 1);
      links.push(directory.links);
    }
    const modes = sys.modes(unknown);
    for (let i = 0; i < unknown.length; i++) {
      const mode = modes[i] ?? 0;
      const path = unknown[i] ?? "";
      // a link's target is wanted too
      if (mode === 0 || mode >> 12 === LINK) continue;
      const seen = seenAs(mode);
      this.#seen.set(path, seen);
      if (seen.type === "file") places[indexes[i] ?? 0] = { path, type: "file", links: links[i] ?? [] };
    }
    return places;
  }

  /**
   * Forgets what these real names are, and all below them.
   * @param paths few of them
   */
  forget(paths: readonly string[]): void {
    this.#directories.clear();
    const common = commonStart(paths);
    const known = [...this.#seen.keys()].filter((one) => one.startsWith(common));
    for (const path of paths) {
      for (const one of known)
        if (one.startsWith(path) && (one.length === path.length || one[path.length] === "/"))
          this.#seen.delete(one);
    }
  }

  look(path: string): Seen | null {
    let seen = this.#seen.get(path);
    if (seen === undefined) {
      seen = this.#look(path);
      if (seen !== null || this.settled) this.#seen.set(path, seen);
    }
    return seen;
  }

  /**
   * @param follow whether a link at the end is followed
   * @param root real name of the directory that "/" and ".." end at, "" for the host's root; see chroot(2)
   * @returns undefined where the name leads nowhere
   */
  resolve(path: string, follow = true, root = ""): Place | undefined {
    const cut = path.lastIndexOf("/");
    const last = path.slice(cut + 1);
    if (cut <= 0 || root !== "" || last === "" || last === "." || last === "..")
      return this.#walk(path, follow, root);
    // Names that follow one another mostly lie in the same directory.
    const directory = this.#directory(path.slice(0, cut));
    if (directory === null) return undefined;
    const real = directory.path === "/" ? `/${last}` : `${directory.path}/${last}`;
    const seen = this.look(real);
    if (seen === null) return undefined;
    if (follow && seen.target !== undefined) return this.#walk(path, follow, root);
    return { path: real, type: seen.type, links: directory.links };
  }

  /** The directory of this name; null where it is none. */
  #directory(name: string): Place | null {
    let directory = this.#directories.get(name);
    if (directory === undefined) {
      const place = this.#walk(name, true, "");
      directory = place?.type === "directory" ? place : null;
      if (directory !== null || this.settled) this.#directories.set(name, directory);
    }
    return directory;
  }

  #walk(path: string, follow: boolean, root: string): Place | undefined {
    const links: string[] = [];
    let parts = path.split("/");
    let real = root;
    let type: FileType = "directory";
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] ?? "";
      // Also before a slash at the end: only a directory may stand there.
      if (type !== "directory") return undefined;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (real !== root) real = real.slice(0, real.lastIndexOf("/"));
        continue;
      }
      const next = `${real}/${part}`;
      const seen = this.look(next);
      if (seen === null) return undefined;
      const target = seen.target;
      if (target !== undefined && (follow || i < parts.length - 1)) {
        if (links.push(next) > MAX_LINKS) return undefined;
        if (target.startsWith("/")) real = root;
        parts = [...target.split("/"), ...parts.slice(i + 1)];
        i = -1;
      } else {
        real = next;
        type = seen.type;
      }
    }
    return { path: real || "/", type, links };
  }
}
