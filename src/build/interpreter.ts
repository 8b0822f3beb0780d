/** What the kernel makes of the first line of a script; see execve(2), "Interpreter scripts". */

/** Longest first line of a script that the kernel reads (BINPRM_BUF_SIZE). */
export const SCRIPT_LINE = 256;
/** As many interpreters in a row as the kernel allows (BINPRM_MAX_RECURSION and the program itself). */
export const MAX_SCRIPTS = 5;

/** The interpreter that a `#!` line names; undefined where the text does not start with one. */
export function interpreterOf(head: string): string | undefined {
  return /^#![ \t]*([^ \t\n\0]+)/.exec(head)?.[1];
}

/** The program that `#!/usr/bin/env NAME` means, where that is what the line says. */
export function programOfEnv(head: string): string | undefined {
  return /^#![ \t]*(?:\/usr)?\/bin\/env[ \t]+(?:-S[ \t]+)?([^ \t\n\0=/-][^ \t\n\0=/]*)[ \t]*(?:\n|[ \t])/.exec(
    head,
  )?.[1];
}
