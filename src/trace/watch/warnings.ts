/** Warns of what makes a traced run differ from a plain one, of what its root may lack, and of files better not given away. */
import { statSync } from "node:fs";
import * as sys from "vz:sys";
import { toFs } from "../../common/byte-strings.ts";
import { shown } from "../../common/image/manifest.ts";
import type { Io } from "../../common/io.ts";
import type { Selection } from "../names/selection.ts";
import type { Note } from "./log.ts";

const SETUID_OR_SETGID = 0o6000;

const NOTES: Readonly<Record<Note, string>> = {
  namespace: "the run mounted file systems: names below them are listed as if they were this system's own",
  chroot: "the run changed its root: its files are listed under their names on this system",
  long: "names of 4096 bytes or more are left out",
};

export interface Watched {
  /** What the runs executed, names within the traced root. */
  readonly executed: Iterable<string>;
  readonly notes: ReadonlySet<Note>;
  /** Whether strace's filter, which takes setuid programs' rights away, was in use. */
  readonly seccomp: boolean;
}

/** Says all that on stderr, one line each. */
export function warn(selection: Selection, { executed, notes, seccomp }: Watched, io: Io): void {
  const isRoot = process.getuid?.() === 0;
  const lines: string[] = [];
  for (const path of [...executed].sort()) {
    if (isRoot && !seccomp) break;
    const privilege = privilegeOf(selection.fs(path));
    const mend = isRoot ? "trace with --setuid" : "trace as root";
    if (privilege !== "") lines.push(`${shown(toFs(path))} ${privilege} and ran without its rights: ${mend}`);
  }
  lines.push(...[...notes].sort().map((note) => NOTES[note]));
  for (const path of [...selection.files].filter((one) => selection.isSecret(one)).sort())
    lines.push(`${shown(toFs(path))} is not readable by all, and listed`);
  for (const line of lines) io.err(`vz trace: ${line}\n`);
}

/**
 * What gives a program rights that its caller lacks: mode bits, or capabilities(7) of the file; "" for none.
 * @param file a string of the file functions
 */
function privilegeOf(file: string): "" | "is setuid" | "has capabilities" {
  try {
    if ((statSync(file).mode & SETUID_OR_SETGID) !== 0) return "is setuid";
    return sys.getxattr(file, "security.capability") === null ? "" : "has capabilities";
  } catch {
    // what cannot be looked at cannot be executed either
    return "";
  }
}

/** @param file a string of the file functions */
export function isPrivileged(file: string): boolean {
  return privilegeOf(file) !== "";
}
