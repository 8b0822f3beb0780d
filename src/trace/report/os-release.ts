/** What a system calls itself: os-release(5). */
import { lstatSync } from "node:fs";
import { toFs } from "../../common/byte-strings.ts";
import { hasCode } from "../../common/errors.ts";
import { eachLine } from "../names/lines.ts";

/** Most lines that are read. */
const MAX_LINES = 1000;

export interface OsRelease {
  /** ID: "debian". */
  readonly id: string;
  /** VERSION_ID: "12"; "" for a system that has no versions. */
  readonly version: string;
  /** PRETTY_NAME. */
  readonly name: string;
}

/** @param root "/" or the directory that stands for it */
export function readOsRelease(root: string): OsRelease | undefined {
  for (const file of ["etc/os-release", "usr/lib/os-release"]) {
    const path = `${root === "/" ? "" : root}/${file}`;
    const lines: string[] = [];
    if (root !== "/" && !isOwn(path)) continue;
    const found = eachLine(path, (line) => {
      if (lines.length < MAX_LINES) lines.push(toFs(line));
    });
    if (found) return parseOsRelease(lines);
  }
  return undefined;
}

/** A link out of another root would lead to this system's file; /usr/lib has what /etc links to. */
function isOwn(path: string): boolean {
  try {
    return !lstatSync(path).isSymbolicLink();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

function parseOsRelease(lines: readonly string[]): OsRelease {
  const values = new Map<string, string>();
  for (const line of lines) {
    const [, key, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, unquote(value));
  }
  return {
    id: values.get("ID") ?? "linux",
    version: values.get("VERSION_ID") ?? "",
    name: values.get("PRETTY_NAME") ?? "Linux",
  };
}

/** A value as a shell reads it: '…' literally; in "…" and bare text a backslash quotes the next character. */
function unquote(value: string): string {
  const single = /^'([^']*)'$/.exec(value)?.[1];
  if (single !== undefined) return single;
  const double = /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1];
  if (double !== undefined) return double.replaceAll(/\\([$"\\`])/g, "$1");
  return value.replaceAll(/\\(.)/g, "$1");
}
