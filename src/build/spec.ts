/** The file `spec`: absolute names, one a line, raw bytes, sorted bytewise; a line break inside a name reads `\n`. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { Status, VzError } from "../common/errors.ts";

/** @param paths byte strings, sorted */
export function formatSpec(paths: readonly string[]): string {
  const escaped = paths.some((path) => path.includes("\n"))
    ? paths.map((path) => path.replaceAll("\n", "\\n"))
    : paths;
  return escaped.length === 0 ? "" : `${escaped.join("\n")}\n`;
}

/** Writes the spec under a temporary name first, so that `file` is the old one or the whole new one. */
export function writeSpec(file: string, paths: readonly string[]): void {
  const bytes = Buffer.from(formatSpec(paths), "latin1");
  if (isSpecial(file)) {
    const fd = openSync(file, "w");
    writeAll(fd, bytes);
    closeSync(fd);
    return;
  }
  const temporary = `${file}.vz-${process.pid}`;
  const fd = openSync(temporary, "w", 0o666);
  try {
    writeAll(fd, bytes);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** A terminal, a pipe: nothing that could be replaced by a rename. */
export function isSpecial(file: string): boolean {
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) throw new VzError(Status.usage, `${file}: is a directory`);
    return !stat.isFile();
  } catch (error) {
    if (error instanceof VzError) throw error;
    return false;
  }
}
