/**
 * What a command needs and strace did not show, since the kernel opened it itself, or another run will need it: ELF loaders,
 * interpreters of scripts, libraries that were not loaded this time, the name service, certificates. The selection's notes tell
 * what is added and what is left out.
 */

import { fromFs } from "../../common/byte-strings.ts";
import { type LibraryFiles, LibraryPath } from "../elf/loader-path.ts";
import type { Selection } from "../names/selection.ts";
import { addCertificates } from "./certificates.ts";
import { interpreterOf, MAX_SCRIPTS, SCRIPT_LINE } from "./interpreter.ts";
import { noteLeftOut } from "./left-out.ts";
import { addLibraries, dropCache } from "./libraries.ts";
import { addNameService } from "./name-service.ts";

/** What a run was given, and what it touched. */
export interface RunFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where it started, a byte string. */
  readonly cwd: string;
  /** As `TraceLog` keeps it. */
  readonly touched: ReadonlyMap<string, number>;
  /** Names that the operator asked for. */
  readonly wanted?: ReadonlySet<string>;
}

const MERGED = ["/bin", "/lib", "/lib32", "/lib64", "/libo32", "/libx32", "/sbin"];

/** Completes `selection`. Changes nothing else. */
export function complete(selection: Selection, files: LibraryFiles, run: RunFacts): void {
  addInterpreters(selection, files);
  addNameService(selection, files);
  addCertificates(selection, files);
  const path = new LibraryPath(files, libraryDirectories(run));
  addLibraries(selection, files, path);
  dropCache(selection, files, path, run.wanted ?? new Set());
  addMergedDirectories(selection, files);
  noteLeftOut(selection, files, run);
}

/** LD_LIBRARY_PATH: colons or semicolons separate entries, an empty one is the working directory; see ld.so(8). */
function libraryDirectories({ env, cwd }: RunFacts): string[] {
  const value = fromFs(env["LD_LIBRARY_PATH"] ?? "");
  if (value === "") return [];
  const entries = value.split(/[:;]/).filter((entry) => !entry.includes("$"));
  return entries.map((entry) => (entry.startsWith("/") ? entry : `${cwd}/${entry}`).replace(/(.)\/+$/, "$1"));
}

/** Adds what the kernel loads to run each executed file: the ELF loader, or the script's interpreter and its own. */
function addInterpreters(selection: Selection, files: LibraryFiles): void {
  for (const program of [...selection.executed]) {
    let at: string | undefined = program;
    for (let depth = 0; at !== undefined && depth < MAX_SCRIPTS; depth++) {
      const elf = files.elf(at);
      const named: string | undefined = elf?.interpreter ?? interpreterOf(files.part(at, 0, SCRIPT_LINE));
      // The kernel looks for a relative one from where the program was executed.
      const from: string | undefined = selection.executedIn.get(program);
      const next = named?.startsWith("/") === false && from !== undefined ? `${from}/${named}` : named;
      if (next === undefined || !next.startsWith("/")) break;
      const kind = elf === null ? "interpreter" : "loader";
      at = selection.guess(next, kind, `${kind} of ${at}`);
      if (at === undefined || elf !== null) break;
      selection.executed.add(at);
    }
  }
}

/** Where /bin and its like are links into /usr, programs use both names of what is there; see file-hierarchy(7). */
function addMergedDirectories(selection: Selection, files: LibraryFiles): void {
  const used = [...selection.files, ...selection.links].filter((path) => path.startsWith("/usr/"));
  for (const name of MERGED) {
    const real = files.real(name);
    if (real === null || real === name || !real.startsWith("/usr/")) continue;
    const isUsed = used.some((path) => path.startsWith(`${real}/`));
    if (isUsed) selection.guessLink(name, "link", `another name of ${real}`);
  }
}
