/**
 * What a run needed and strace cannot show, for the kernel and the loader opened it themselves, or will: ELF loaders,
 * interpreters of scripts, libraries that were not loaded this time, and the parts of glibc's name service.
 */
import { type LibraryFiles, LibraryPath } from "./loader-path.ts";
import type { Selection } from "./selection.ts";
import { baseOf } from "./walk.ts";

export interface ClosureFiles extends LibraryFiles {
  /** Up to `length` bytes from `offset` on, one character each; "" where there is nothing to read. */
  part(path: string, offset: number, length: number): string;
}

/** As many interpreters in a row as the kernel allows (BINPRM_MAX_RECURSION and the program itself). */
const MAX_SCRIPTS = 5;
/** Longest first line of a script that the kernel reads (BINPRM_BUF_SIZE). */
const SCRIPT_LINE = 256;

/** The interpreter that a `#!` line names; undefined where the text does not start with one. */
export function interpreterOf(head: string): string | undefined {
  return /^#![ \t]*([^ \t\n\0]+)/.exec(head)?.[1];
}

/** Completes `selection`. Changes nothing else. */
export function complete(selection: Selection, files: ClosureFiles): void {
  addInterpreters(selection, files);
  addNameService(selection, files);
  addLibraries(selection, files);
}

/** Adds what the kernel loads to run each executed file: the ELF loader, or the script's interpreter and its own. */
function addInterpreters(selection: Selection, files: ClosureFiles): void {
  for (const program of [...selection.executed]) {
    let at: string | undefined = program;
    for (let depth = 0; at !== undefined && depth < MAX_SCRIPTS; depth++) {
      const elf = files.elf(at);
      const named: string | undefined = elf?.interpreter ?? interpreterOf(files.part(at, 0, SCRIPT_LINE));
      // The kernel looks for a relative one from where the program was executed.
      const from: string | undefined = selection.executedIn.get(program);
      const next = named?.startsWith("/") === false && from !== undefined ? `${from}/${named}` : named;
      if (next === undefined || !next.startsWith("/")) break;
      at = selection.add(next);
      if (at === undefined || elf !== null) break;
      selection.executed.add(at);
    }
  }
}

/** Adds libraries by DT_NEEDED, where no file of that name came along already. */
function addLibraries(selection: Selection, files: ClosureFiles): void {
  const path = new LibraryPath(files);
  const roots = [
    ...selection.executed,
    ...[...selection.files].filter((file) => baseOf(file).startsWith("libnss_")),
  ];
  const names = new Set([...selection.files, ...selection.links].map(baseOf));
  for (const root of roots) {
    const elf = files.elf(root);
    if (elf === null) continue;
    for (const { name, found } of path.needed(root, elf)) {
      if (found === null || names.has(name)) continue;
      selection.add(found);
      names.add(name);
    }
  }
}

/** What of the name service each of these files, once opened, is a sign of; see nsswitch.conf(5). */
const USERS = ["/etc/nsswitch.conf", "/etc/passwd", "/etc/group"];
const HOSTS = ["/etc/hosts", "/etc/resolv.conf", "/etc/host.conf"];

/**
 * A program that asked glibc for users or hosts will ask again, for other names perhaps, which other files answer.
 * Before 2.34 glibc loaded a module for each source; since then those for files and DNS are in libc.so.6 itself.
 */
function addNameService(selection: Selection, files: ClosureFiles): void {
  const libc = [...selection.files].find(
    (file) => /^libc[.-].*so/.test(baseOf(file)) && !file.includes("musl"),
  );
  const asked = (names: readonly string[]) =>
    names.some((name) => selection.files.has(files.real(name) ?? name));
  const users = asked(USERS);
  const hosts = asked(HOSTS);
  if (libc === undefined || (!users && !hosts)) return;
  for (const name of [...USERS, ...(hosts ? HOSTS : [])]) selection.add(name);
  if (hasOwnNameService(libc, files)) return;
  const elf = files.elf(libc);
  if (elf === null) return;
  const path = new LibraryPath(files);
  const object = { path: libc, elf, parent: undefined };
  for (const module of hosts ? ["files", "dns"] : ["files"]) {
    const found = path.find(`libnss_${module}.so.2`, object, elf.interpreter);
    if (found !== null) selection.add(found);
  }
}

/** Whether this libc.so.6 is of glibc 2.34 or later, by the names of its symbol versions. */
function hasOwnNameService(libc: string, files: ClosureFiles): boolean {
  const strings = files.elf(libc)?.strings;
  return (
    strings !== undefined &&
    files.part(libc, strings.offset, Math.min(strings.size, 1 << 20)).includes("GLIBC_2.34\0")
  );
}
