/** What a minimal chroot of some programs is made of, and the transcript of making it. Pure, but for the files it reads. */
import { normalize } from "node:path";
import { type Elf, machines } from "../common/elf.ts";
import { Status, VzError } from "../common/errors.ts";
import { quoteWord } from "../common/shell-words.ts";
import { interpreterOf } from "./closure.ts";
import { type LibraryFiles, LibraryPath } from "./loader-path.ts";
import { toFs } from "./names.ts";
import { parentOf } from "./walk.ts";

export interface Copy {
  /** Real name of the file, a byte string. */
  readonly from: string;
  /** The name by which it is looked up in the chroot, a byte string. */
  readonly to: string;
}

/** Longest first line of a script that the kernel reads (BINPRM_BUF_SIZE). */
const SCRIPT_LINE = 256;
const MAX_SCRIPTS = 5;

/**
 * The copies for `programs`: for each its libraries in the loader's order, the loader, the program itself.
 * @param programs absolute names, byte strings
 * @throws VzError 65 for what is no program, 1 for a library that is not there
 */
export function planChroot(programs: readonly string[], files: LibraryFiles): Copy[] {
  const copies = new Map<string, Copy>();
  const path = new LibraryPath(files);
  const take = (name: string, place = name): void => {
    const from = files.real(name);
    if (from === null) throw new VzError(Status.failed, `${toFs(name)}: not found`);
    // In the chroot there are no links, and nothing above it: ".." means what it reads.
    const to = normalize(place);
    if (!copies.has(to)) copies.set(to, { from, to });
  };
  for (const program of programs) planProgram(program, files, path, take);
  return [...copies.values()];
}

function planProgram(
  program: string,
  files: LibraryFiles,
  path: LibraryPath,
  take: (name: string, to?: string) => void,
): void {
  let at = program;
  const chain = [program];
  let elf = files.elf(at);
  // A script: what is needed is what its interpreter needs.
  while (elf === null) {
    const next = interpreterOf((files.text(at) ?? "").slice(0, SCRIPT_LINE));
    if (next === undefined)
      throw new VzError(Status.badData, `${toFs(at)}: neither an ELF program nor a script`);
    if (chain.push(next) > MAX_SCRIPTS)
      throw new VzError(Status.badData, `${toFs(program)}: too many interpreters`);
    at = next;
    elf = files.elf(at);
    if (elf === null && files.text(at) === null) {
      throw new VzError(Status.failed, `${toFs(at)}: not found (interpreter of ${toFs(program)})`);
    }
  }
  for (const { name, found, place, by } of path.needed(at, elf)) {
    if (found === null) {
      throw new VzError(Status.failed, `${toFs(name)}: not found (needed by ${toFs(by)}, ${describe(elf)})`);
    }
    take(found, place ?? found);
  }
  if (elf.interpreter !== null) take(elf.interpreter);
  for (const name of chain.reverse()) take(name);
}

function describe(elf: Elf): string {
  return Object.values(machines).includes(elf.machine) ? elf.machine : `${elf.class}-bit ${elf.machine}`;
}

/** One step of the work, and the line that a shell would print of it under `set -x`. */
export type Step =
  | { readonly kind: "mkdir"; readonly directory: string; readonly line: string }
  | { readonly kind: "copy"; readonly copy: Copy; readonly line: string };

/** @param chroot as typed, a byte string */
export function stepsOf(copies: readonly Copy[], chroot: string): Step[] {
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
    steps.push({ kind: "copy", copy, line: `+ cp -a ${word(copy.from)} ${word(root + copy.to)}` });
  }
  return steps;
}
