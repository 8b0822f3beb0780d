/**
 * What the closure did beyond what the run showed, for the report: what it added on a guess, and what it left out on
 * purpose. Names of files are byte strings, real names within the root that was traced.
 */

export type GuessKind =
  /** The ELF loader of a program. */
  | "loader"
  /** The `#!` interpreter of a script. */
  | "interpreter"
  /** By DT_NEEDED of what came along. */
  | "library"
  /** By a note of what a file may load at run time (dlopen(3)). */
  | "dlopen"
  /** Files and modules of nsswitch.conf(5). */
  | "name service"
  | "certificates"
  /** Of the root directory, to what lies in /usr: both names are used. */
  | "link";

export interface Guess {
  readonly kind: GuessKind;
  /** Half a sentence that goes on from the name: "loader of /usr/bin/perl"; a byte string. */
  readonly why: string;
}

export interface LeftOut {
  /** A file, a directory, or in words what is not there; a byte string. */
  readonly what: string;
  /** Half a sentence, a byte string. */
  readonly why: string;
  /** The glob that brings it back with `--include`; undefined where nothing does. */
  readonly include?: string;
}

/** File systems below /dev that the run used and a container must mount to have. */
export type DeviceTree = "/dev/pts" | "/dev/shm";

/** The glob that matches this name alone. */
export function literalGlob(path: string): string {
  return path.replaceAll(/[*?[\]\\]/g, "\\$&");
}

export class ClosureNotes {
  /** What no call of the run named, with the first reason that brought it. */
  readonly guessed = new Map<string, Guess>();
  readonly deviceTrees = new Set<DeviceTree>();
  readonly #leftOut: LeftOut[] = [];
  #later: (() => void)[] = [];

  get leftOut(): LeftOut[] {
    const later = this.#later;
    this.#later = [];
    for (const note of later) note();
    return this.#leftOut;
  }

  /** Notes that cost something to find: `note` is called when somebody asks for what was left out. */
  postpone(note: () => void): void {
    this.#later.push(note);
  }
}
