/** The files of a root as the search for libraries and interpreters sees them. Names are byte strings. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { fromFs } from "../../common/byte-strings.ts";
import { type Elf, readElf } from "../../common/elf/elf.ts";
import { hasCode } from "../../common/errors.ts";
import type { Walker } from "../names/walk.ts";
import type { LibraryFiles } from "./loader-path.ts";

/** Bytes; longer than any text that is read here: configuration of the loader and of the name service. */
const MAX_TEXT = 1 << 20;

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENXIO"))
      return null;
    throw error;
  }
}

export class HostFiles implements LibraryFiles {
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
      elf = orNull(() => readElf(this.#walker.fs(real)));
      this.#elves.set(real, elf);
    }
    return elf;
  }

  /** Whether headers of this file, or of one below this directory, were read; real names. */
  knows(path: string): boolean {
    return [...this.#elves.keys()].some((one) => one === path || one.startsWith(`${path}/`));
  }

  text(path: string): string | null {
    return this.#part(path, 0, MAX_TEXT);
  }

  part(path: string, offset: number, length: number): string {
    return this.#part(path, offset, length) ?? "";
  }

  list(directory: string): string[] {
    const place = this.#walker.resolve(directory);
    if (place?.type !== "directory") return [];
    return orNull(() => readdirSync(this.#walker.fs(place.path)).map(fromFs)) ?? [];
  }

  real(path: string): string | null {
    return this.#walker.resolve(path)?.path ?? null;
  }

  #part(path: string, offset: number, length: number): string | null {
    const real = this.#regular(path);
    const bytes = real === null ? null : orNull(() => readPart(this.#walker.fs(real), offset, length));
    return bytes?.toString("latin1") ?? null;
  }

  /** Only regular files are opened: a device or a pipe might never answer. */
  #regular(path: string): string | null {
    const place = this.#walker.resolve(path);
    return place?.type === "file" ? place.path : null;
  }
}

/** Bytes read at once: a long part may not exist, and gets no buffer of its length ahead. */
const CHUNK = 1 << 16;

/** No file is longer. */
const MAX_OFFSET = 2 ** 43;

function readPart(path: string, offset: number, length: number): Buffer {
  if (offset > MAX_OFFSET) return Buffer.alloc(0);
  const fd = openSync(path, "r");
  try {
    const parts: Buffer[] = [];
    for (let done = 0; done < length; ) {
      const bytes = Buffer.alloc(Math.min(CHUNK, length - done));
      const count = readSync(fd, bytes, 0, bytes.length, offset + done);
      if (count === 0) break;
      parts.push(bytes.subarray(0, count));
      done += count;
    }
    return Buffer.concat(parts);
  } finally {
    closeSync(fd);
  }
}
