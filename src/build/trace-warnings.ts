/** What may make a traced run differ from a plain one, or its spec from what it needs, and is not to be silent. */
import { statSync } from "node:fs";
import * as sys from "vz:sys";
import { printable } from "../common/table.ts";
import type { Note } from "./trace-log.ts";

const SETUID_OR_SETGID = 0o6000;

/** What gives a program rights that its caller lacks: mode bits, or capabilities(7) of the file; "" for none. */
export function privilegeOf(file: string): "" | "is setuid" | "has capabilities" {
  try {
    if ((statSync(file).mode & SETUID_OR_SETGID) !== 0) return "is setuid";
    return sys.getxattr(file, "security.capability") === null ? "" : "has capabilities";
  } catch {
    // What cannot be looked at cannot be executed either.
    return "";
  }
}

export function isPrivileged(file: string): boolean {
  return privilegeOf(file) !== "";
}

const NOTES: Readonly<Record<Note, string>> = {
  namespace: "the run mounted file systems: names below them are listed as if they were this system's own",
  chroot: "the run changed its root: its files are listed under their names on this system",
  long: "names of 4096 bytes or more are left out",
};

/**
 * @param executed programs, as the file functions know them
 * @param seccomp whether strace's filter, which takes such programs' rights away, was in use
 */
export function traceWarnings(
  executed: Iterable<string>,
  notes: ReadonlySet<Note>,
  seccomp: boolean,
): string[] {
  const isRoot = process.getuid?.() === 0;
  const lines: string[] = [];
  for (const file of [...executed].sort()) {
    if (isRoot && !seccomp) break;
    const privilege = privilegeOf(file);
    const mend = isRoot ? "trace with --setuid" : "trace as root";
    if (privilege !== "") lines.push(`${printable(file)} ${privilege} and ran without its rights: ${mend}`);
  }
  return [...lines, ...[...notes].sort().map((note) => NOTES[note])];
}
