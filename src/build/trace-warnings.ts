/** What may make a root filesystem differ from the run, or is better not given away. */
import { lstatSync } from "node:fs";
import { hasCode } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { printable } from "../common/table.ts";
import { toFs } from "./names.ts";
import type { Selection } from "./selection.ts";

const SETUID_OR_SETGID = 0o6000;
const READABLE_BY_OTHERS = 0o044;

/**
 * @param executed what a run executed
 * @param setuid whether setuid programs had their rights
 */
export function warn(selection: Selection, executed: Iterable<string>, setuid: boolean, io: Io): void {
  const isRoot = process.getuid?.() === 0;
  for (const path of [...executed].filter((one) => isPrivileged(selection.fs(one))).sort()) {
    const name = printable(toFs(path));
    if (!isRoot) io.err(`vz trace: ${name} is setuid and ran without its rights: trace as root\n`);
    else if (!setuid) io.err(`vz trace: ${name} is setuid and ran without its rights: trace with --setuid\n`);
  }
  for (const path of [...selection.files].filter((one) => isSecret(selection.fs(one))).sort())
    io.err(`vz trace: ${printable(toFs(path))} is not readable by all, and listed\n`);
}

/** @param file a string of the file functions */
export function isPrivileged(file: string): boolean {
  try {
    return (lstatSync(file).mode & SETUID_OR_SETGID) !== 0;
  } catch (error) {
    if (hasCode(error, "ENOENT", "EACCES")) return false;
    throw error;
  }
}

function isSecret(file: string): boolean {
  try {
    return (lstatSync(file).mode & READABLE_BY_OTHERS) === 0;
  } catch {
    return false;
  }
}
