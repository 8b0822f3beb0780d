/** The file `spec`: absolute names, one a line, raw bytes, sorted bytewise; a line break inside a name reads `\n`. */
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { toFs } from "../../common/byte-strings.ts";
import { reason, Status, VzError } from "../../common/errors.ts";
import { replaceFile } from "../../common/files.ts";
import { shown } from "../../common/image/manifest.ts";
import { eachLine } from "../names/lines.ts";

/** @param paths byte strings, sorted */
export function formatSpec(paths: readonly string[]): string {
  const escaped = paths.some((path) => path.includes("\n"))
    ? paths.map((path) => path.replaceAll("\n", "\\n"))
    : paths;
  return escaped.length === 0 ? "" : `${escaped.join("\n")}\n`;
}

/** Bytes of the longest line: a name of PATH_MAX bytes, each of them a line break. */
const MAX_NAME = 8192;
/** More names than a run can list. */
const MAX_NAMES = 2_000_000;

/**
 * The lines of a spec, as they stand there: `lineBreaks` tells what they name.
 * @throws VzError 64 where there is no such file, 65 with the line's number for what no spec holds
 */
export function readSpec(file: string): string[] {
  const lines: string[] = [];
  const found = eachLine(file, (line, number) => {
    checkLine(line, number, file);
    lines.push(line);
  });
  if (!found) throw new VzError(Status.usage, `${file}: no such file, or not a regular one`);
  return lines;
}

/** @throws VzError 65 for what is no absolute name without `.` and `..` */
export function checkLine(line: string, number: number, file: string): void {
  const bad = (why: string) => new VzError(Status.badData, `${file}:${number}: ${why}`);
  if (line.length > MAX_NAME || line.includes("\0")) throw bad("not the name of a file");
  if (!line.startsWith("/"))
    throw bad(`${line === "" ? "an empty line" : shown(toFs(line))}: not an absolute name`);
  if (line.split("/").some((part) => part === ".." || part === "."))
    throw bad(`${shown(toFs(line))}: holds . or ..`);
  if (number > MAX_NAMES) throw bad(`more than ${MAX_NAMES} names`);
}

/** What a line may name: `\n` in it is a line break, or a backslash and an n, for both are written so. */
export function lineBreaks(line: string): string[] {
  return line.includes("\\n") ? [line, line.replaceAll("\\n", "\n")] : [line];
}

/** Writes the spec under a temporary name first, so that `file` is the old one or the whole new one. */
export function writeSpec(file: string, paths: readonly string[]): void {
  writeOutput(file, Buffer.from(formatSpec(paths), "latin1"));
}

/**
 * Writes a file, and replaces an old one in one step; writes into a pipe or a terminal.
 * @throws VzError 71
 */
export function writeOutput(file: string, bytes: Buffer): void {
  try {
    if (isSpecial(file)) writeTo(file, bytes);
    else replaceFile(file, bytes, "umask");
  } catch (cause) {
    if (cause instanceof VzError) throw cause;
    throw new VzError(Status.osError, `${file}: cannot be written: ${reason(cause)}`, { cause });
  }
}

function writeTo(file: string, bytes: Buffer): void {
  const fd = openSync(file, "w");
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
    if (fstatSync(fd).isFile()) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Whether the file is one that a rename must not replace: a terminal, a pipe. */
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

/** The lines of the spec that a new one is to replace; undefined where there is none. */
export function readOlderSpec(file: string): string[] | undefined {
  if (isSpecial(file)) return undefined;
  try {
    return readSpec(file);
  } catch (error) {
    // What stands there is something else, or nothing.
    if (error instanceof VzError) return undefined;
    throw error;
  }
}

/**
 * Checks, before a run whose work would be lost, that its output can be written.
 * @param option that names the file
 * @throws VzError 64
 */
export function checkWritable(file: string, option: string): void {
  const hint = `${option} FILE writes it elsewhere`;
  try {
    accessSync(isSpecial(file) ? file : dirname(file), constants.W_OK);
  } catch (cause) {
    if (cause instanceof VzError) throw new VzError(cause.status, cause.message, { hint });
    throw new VzError(Status.usage, `${file}: cannot be written: ${reason(cause)}`, { cause, hint });
  }
}
