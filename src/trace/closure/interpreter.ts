/** What the kernel makes of the first line of a script; see execve(2), "Interpreter scripts". */
import type { HostFiles } from "../elf/host-files.ts";

/** Longest first line of a script that the kernel reads (BINPRM_BUF_SIZE). */
export const SCRIPT_LINE = 256;
/** As many interpreters in a row as the kernel allows (BINPRM_MAX_RECURSION and the program itself). */
export const MAX_SCRIPTS = 5;

/** The interpreter that a `#!` line names; undefined where the text does not start with one. */
export function interpreterOf(head: string): string | undefined {
  return /^#![ \t]*([^ \t\n\0]+)/.exec(head)?.[1];
}

/**
 * The interpreter or loader that a program lacks to start: its own, or that of one of its interpreters; undefined where none is
 * missing. Relative ones are not looked for: they count from where the program is started.
 */
export function missingInterpreter(program: string, files: HostFiles): string | undefined {
  let at = program;
  for (let depth = 0; depth < MAX_SCRIPTS; depth++) {
    const next = files.elf(at)?.interpreter ?? interpreterOf(files.part(at, 0, SCRIPT_LINE));
    if (next === undefined || !next.startsWith("/")) return undefined;
    if (files.real(next) === null) return next;
    at = next;
  }
  return undefined;
}

/** NAME, where the first line is `#!/usr/bin/env NAME`; else undefined. */
export function programOfEnv(head: string): string | undefined {
  return /^#![ \t]*(?:\/usr)?\/bin\/env[ \t]+(?:-S[ \t]+)?([^ \t\n\0=/-][^ \t\n\0=/]*)[ \t]*(?:\n|[ \t])/.exec(
    head,
  )?.[1];
}
