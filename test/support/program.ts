/** What a test of a real program is made of: how it is run, what it must do, and how large its image may be. */
import { accessSync, constants } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Where a program is run. */
export interface Place {
  /** Directory of the program's own files, absolute; it has the same name in the image. */
  readonly dir: string;
  /** Address of this host, under which both the program here and the one in a container reach a server that runs here. */
  readonly address: string;
}

export interface Service {
  /** Uses the service at `address` as its clients do. @throws where it does not answer, or not as it must */
  readonly ask: (address: string, place: Place) => Promise<void>;
  /** A command of the shell that succeeds once it answers on this host. */
  readonly answers: (place: Place) => string;
  /** What stops it: a signal, or null where `ask` has done so. */
  readonly stop: "SIGINT" | "SIGQUIT" | "SIGTERM" | null;
}

export interface Program {
  /** Also the image's name. */
  readonly name: string;
  /** What it is made to do, for people. */
  readonly exercise: string;
  /** The file without which it cannot be tried. */
  readonly file: string;
  /** Debian's package with it. */
  readonly from: string;
  /** KB of the files that a careful tracer takes on Debian 12 for the same exercise; undefined where none was measured. */
  readonly reference?: () => number;
  /** Makes its files in `place.dir`. */
  readonly prepare?: (place: Place) => void;
  readonly command: (place: Place) => string[];
  /** Starts a server on this host that the program is a client of. @returns what stops it */
  readonly server?: (place: Place) => Promise<() => void>;
  /** A program that ends by itself: what it prints, on every run. */
  readonly prints?: (place: Place) => string;
  /** A program that stays. */
  readonly service?: Service;
}

/** Environment of all runs, so that the same files are touched whoever runs the tests. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  HOME: "/root",
  LC_ALL: "C",
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
};

/** Why the program cannot be tried here; false where it can. */
export function whyNot({ file, from }: Program): string | false {
  try {
    accessSync(file, constants.R_OK);
    return false;
  } catch {
    return `${file} is not here: install the package ${from}`;
  }
}

/** Repeats `action` until it succeeds. @throws its last error once `ms` milliseconds have gone */
export async function eventually<T>(ms: number, action: () => Promise<T>): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(50);
    }
  }
}
