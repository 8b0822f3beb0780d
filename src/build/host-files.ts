/** The host's files as the search for libraries and interpreters sees them. Names are byte strings. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { type Elf, readElf } from "../common/elf.ts";
import { hasCode } from "../common/errors.ts";
import type { ClosureFiles } from "./closure.ts";
import { fromFs, toFs } from "./names.ts";
import type { Walker } from "./walk.ts";

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENXIO"))
      return null;
    throw error;
  }
}

export class HostFiles implements ClosureFiles {
  readonly #walker: Walker;
  readonly #elves = new Map<string, Elf | null>();

  constructor(walker: Walker) {
    this.#walker = walker;
  }

  elf(path: string): Elf | null {
    const real = this.#regular(path);
    if (real === null) return null;
    let elf = this.#elves.get(real);
    if (elf === undefined) {
      elf = orNull(() => readElf(toFs(real)));
      this.#elves.set(real, elf);
    }
    return elf;
  }

  text(path: string): string | null {
    const real = this.#regular(path);
    return real === null ? null : orNull(() => readFileSync(toFs(real)).toString("latin1"));
  }

  part(path: string, offset: number, length: number): string {
    const real = this.#regular(path);
    const bytes = real === null ? null : orNull(() => readPart(toFs(real), offset, length));
    return bytes?.toString("latin1") ?? "";
  }

  list(directory: string): string[] {
    return orNull(() => readdirSync(toFs(directory)).map(fromFs)) ?? [];
  }

  real(path: string): string | null {
    return this.#walker.resolve(path)?.path ?? null;
  }

  /** Only regular files are opened: a device or a pipe might never answer. */
  #regular(path: string): string | null {
    const place = this.#walker.resolve(path);
    return place?.type === "file" ? place.path : null;
  }
}

function readPart(path: string, offset: number, length: number): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    let done = 0;
    for (;;) {
      const count = done < length ? readSync(fd, bytes, done, length - done, offset + done) : 0;
      if (count === 0) return bytes.subarray(0, done);
      done += count;
    }
  } finally {
    closeSync(fd);
  }
}
