/**
 * What a bundle asks for and this machine (or this runch) does not give. Weak isolation is allowed, silence is not: in
 * `strict` each such thing is an error at once, otherwise each is told in a line of its own.
 */
import { failure } from "../system/failure.ts";

export class Shortfalls {
  readonly isolation: Isolation;
  readonly #list: string[] = [];
  /** What is an error in every isolation. */
  readonly #needed: string;

  constructor(isolation: Isolation, needed = "") {
    this.isolation = isolation;
    this.#needed = needed;
  }

  /**
   * @param what the field or the thing: "linux.seccomp"
   * @throws VzError 125 in strict, and for `needed`
   */
  add(what: string, why: string): void {
    if (this.isolation === "strict") {
      throw failure(
        `${what}: ${why}`,
        "isolation is strict; with --isolation=auto the container runs without it",
      );
    }
    if (what === this.#needed) throw failure(`${what}: ${why}`);
    this.#list.push(`${what} (${why})`);
  }

  get list(): readonly string[] {
    return this.#list;
  }

  /** The shortfalls from number `first` on, a line for standard error each; "" where there are none. */
  lines(id: string, first = 0): string {
    return this.#list
      .slice(first)
      .map((thing) => `runch: ${id}: runs without ${thing}\n`)
      .join("");
  }
}

export const ISOLATIONS = ["auto", "strict", "chroot"] as const;
export type Isolation = (typeof ISOLATIONS)[number];

export function isIsolation(text: string): text is Isolation {
  return (ISOLATIONS as readonly string[]).includes(text);
}
