/** The file `spec`: absolute names, one a line, raw bytes, sorted bytewise; a line break inside a name reads `\n`. */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { reason, Status, VzError } from "../common/errors.ts";

/** @param paths byte strings, sorted */
export function formatSpec(paths: readonly string[]): string {
  return paths.map((path) => `${path.replaceAll("\n", "\\n")}\n`).join("");
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
function isSpecial(file: string): boolean {
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) throw new VzError(Status.usage, `${file}: is a directory`);
    return !stat.isFile();
  } catch (error) {
    if (error instanceof VzError) throw error;
    return false;
  }
}

/** Raises ahead what would lose a run: that its spec cannot be written. */
export function checkWritable(specFile: string): void {
  try {
    accessSync(isSpecial(specFile) ? specFile : dirname(specFile), constants.W_OK);
  } catch (cause) {
    throw new VzError(Status.usage, `${specFile}: cannot be written: ${reason(cause)}`, {
      cause,
      hint: "-o FILE writes it elsewhere",
    });
  }
}
