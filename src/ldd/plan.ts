/** What a minimal chroot of some programs is made of, and the transcript of making it. Pure, but for the files it reads. */
import { normalize } from "node:path";
import { shown, toFs } from "../common/byte-strings.ts";
import { type Elf, machines } from "../common/elf/elf.ts";
import { Status, VzError } from "../common/errors.ts";
import { quoteWord } from "../common/shell-words.ts";
import { interpreterOf, MAX_SCRIPTS, programOfEnv, SCRIPT_LINE } from "../trace/closure/interpreter.ts";
import { isMusl, muslPathFile } from "../trace/elf/loader-config.ts";
import { type LibraryFiles, LibraryPath } from "../trace/elf/loader-path.ts";
import { parentOf } from "../trace/names/walk.ts";

export interface Copy {
  /** Real name of the file, a byte string. */
  readonly from: string;
  /** The name by which it is looked up in the chroot, a byte string. */
  readonly to: string;
}

export interface Plan {
  readonly copies: readonly Copy[];
  /** The names, links not followed, by which all that is needed is looked up in this system; byte strings. */
  readonly names: readonly string[];
  /** Programs that need no library, byte strings. */
  readonly statics: readonly string[];
}

/** Finds a program by its name alone, as `env` would; undefined where there is none. */
export type Lookup = (name: string) => string | undefined;

/**
 * The copies for `programs`: for each its libraries in the loader's order, the loader, the program itself.
 * @param programs absolute names, byte strings
 * @throws VzError 65 for what is no program, 1 for a library that is not there
 */
export function planChroot(programs: readonly string[], files: LibraryFiles, lookup?: Lookup): Plan {
  const planner = new Planner(files, lookup ?? (() => undefined));
  for (const program of programs) planner.add(program);
  return planner;
}

class Planner implements Plan {
  readonly #files: LibraryFiles;
  readonly #lookup: Lookup;
  readonly #path: LibraryPath;
  readonly #copies = new Map<string, Copy>();
  readonly #names = new Set<string>();
  readonly #statics = new Set<string>();

  constructor(files: LibraryFiles, lookup: Lookup) {
    this.#files = files;
    this.#lookup = lookup;
    this.#path = new LibraryPath(files);
  }

  get copies(): Copy[] {
    return [...this.#copies.values()];
  }

  get names(): string[] {
    return [...this.#names];
  }

  get statics(): string[] {
    return [...this.#statics];
  }

  add(program: string): void {
    const chain = this.#chainOf(program);
    const last = chain.at(-1) ?? program;
    const elf = this.#files.elf(last);
    if (elf !== null) this.#addLibraries(last, elf);
    for (const name of chain.reverse()) this.#take(name);
  }

  /** A script, its interpreter, and so on to the ELF program. `#!/usr/bin/env NAME` needs both, env's part first. */
  #chainOf(program: string): string[] {
    const chain = [program];
    for (let at = program; this.#files.elf(at) === null; ) {
      if (this.#files.real(at) === null) {
        throw new VzError(Status.failed, `${shown(at)}: not found (interpreter of ${shown(program)})`);
      }
      const head = this.#files.part(at, 0, SCRIPT_LINE);
      const env = programOfEnv(head);
      const meant = env === undefined ? undefined : this.#lookup(env);
      const next = interpreterOf(head);
      if (next === undefined)
        throw new VzError(Status.badData, `${shown(at)}: neither an ELF program nor a script`);
      if (env !== undefined && meant === undefined)
        throw new VzError(Status.failed, `${shown(env)}: not found (interpreter of ${shown(at)})`);
      if (chain.length > MAX_SCRIPTS)
        throw new VzError(Status.badData, `${shown(program)}: too many interpreters`);
      if (meant !== undefined) this.add(next);
      at = meant ?? next;
      chain.push(at);
    }
    return chain;
  }

  #addLibraries(program: string, elf: Elf): void {
    const missing: string[] = [];
    for (const { name, found, place, by } of this.#path.needed(program, elf)) {
      if (found === null || place === null)
        missing.push(`${shown(name)}: not found (needed by ${shown(by)}, ${describe(elf)})`);
      else this.#take(found, place);
    }
    const [first, ...others] = missing;
    if (first !== undefined) {
      const details = others.length === 0 ? {} : { hint: `missing too: ${others.join(", ")}` };
      throw new VzError(Status.failed, first, details);
    }
    const { interpreter } = elf;
    if (interpreter === null) {
      if (elf.needed.length === 0) this.#statics.add(program);
      return;
    }
    if (!interpreter.startsWith("/") || this.#files.part(interpreter, 0, 1) === "")
      throw new VzError(Status.failed, `${shown(interpreter)}: not found (loader of ${shown(program)})`);
    this.#take(interpreter);
    const config = isMusl(interpreter) ? muslPathFile(interpreter) : undefined;
    if (config !== undefined && this.#files.real(config) !== null) this.#take(config);
  }

  #take(name: string, place = name): void {
    const from = this.#files.real(name);
    if (from === null) throw new VzError(Status.failed, `${shown(name)}: not found`);
    this.#names.add(name);
    // In this system the loader finds this library by its cache only.
    if (place !== name) this.#names.add("/etc/ld.so.cache");
    // In the chroot there are no links, and nothing above it: ".." means what it reads.
    const to = normalize(place);
    if (!this.#copies.has(to)) this.#copies.set(to, { from, to });
  }
}

function describe(elf: Elf): string {
  return Object.values(machines).includes(elf.machine) ? elf.machine : `${elf.class}-bit ${elf.machine}`;
}

/** One step of the work, and the line that a shell would print of it under `set -x`. */
export type Step =
  | { readonly kind: "mkdir"; readonly directory: string; readonly line: string }
  | { readonly kind: "copy"; readonly copy: Copy; readonly line: string };

/**
 * @param chroot as typed, a byte string
 * @param source where the files' names start, a byte string: "" for this system's root
 */
export function stepsOf(copies: readonly Copy[], chroot: string, source = ""): Step[] {
  const root = chroot.replace(/(.)\/+$/, "$1");
  const made = new Set<string>();
  const steps: Step[] = [];
  const word = (name: string) => quoteWord(toFs(name));
  for (const copy of copies) {
    const directory = parentOf(copy.to);
    if (!made.has(directory)) {
      made.add(directory);
      const line = `++ mkdir -p ${word(root + (directory === "/" ? "" : directory))}`;
      steps.push({ kind: "mkdir", directory, line });
    }
    steps.push({ kind: "copy", copy, line: `+ cp -a ${word(source + copy.from)} ${word(root + copy.to)}` });
  }
  return steps;
}
