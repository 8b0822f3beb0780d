/** The names in a line of strace's log: between quotes, or behind a descriptor between angle brackets. */

import type { Task, TraceLog } from "./log.ts";
import { unquote } from "./touch.ts";

export interface Name {
  /** Directory of a relative name; undefined where it is not known yet. */
  readonly base: string | undefined;
  readonly name: string;
  /** Behind the closing quote. */
  readonly end: number;
}

/** Reads a name at `at`: alone, or behind a directory's descriptor. */
export type NameReader = (log: TraceLog, task: Task, line: string, at: number) => Name | undefined;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where the quote is that ends the name whose first quote is at `at`; -1 where there is none. */
function closingQuote(line: string, at: number): number {
  let end = line.indexOf('"', at + 1);
  for (; end >= 0; end = line.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (line.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) break;
  }
  return end;
}

/** A name of its own, which counts from the task's directory. */
export const alone: NameReader = (_log, task, line, at) => {
  // An address stands where strace could not read the name.
  if (line.charCodeAt(at) !== QUOTE) return undefined;
  const end = closingQuote(line, at);
  if (end < 0) return undefined;
  return { base: task.where.cwd, name: unquote(line.slice(at + 1, end)), end: end + 1 };
};

/** What the descriptor at `at` stands for, as in `5</its/path>`; undefined where strace shows nothing. */
export function shown(line: string, at: number): { readonly path: string; readonly end: number } | undefined {
  const open = line.indexOf("<", at);
  const close = line.indexOf(">", open);
  // between the two only digits, or AT_FDCWD
  if (open < 0 || close < 0 || open - at > 10) return undefined;
  return { path: unquote(line.slice(open + 1, close)), end: close + 1 };
}

/** A descriptor is shown as `AT_FDCWD</its/path>` or `5</its/path>`; behind a name that is gone stands "(deleted)". */
export const behindDescriptor: NameReader = (log, task, line, at) => {
  const directory = shown(line, at);
  const isCwd = line.charCodeAt(at) === 0x41;
  let from = directory?.end ?? at;
  const gone = line.startsWith("(deleted)", from);
  if (gone) from += "(deleted)".length;
  else if (directory === undefined) from = line.indexOf(", ", at);
  const found = alone(log, task, line, from + 2);
  if (isCwd && directory !== undefined && !gone) log.learn(task, directory.path);
  if (found === undefined) return undefined;
  const { name, end } = found;
  if (directory !== undefined && !gone) return { name, end, base: directory.path };
  if (isCwd && !gone) return found;
  return name.startsWith("/") ? { name, end, base: undefined } : undefined;
};

/** The real name of the descriptor that a call gave, at the end of its line: `= 3</real/name>`. */
export function result(line: string, from: number): string | undefined {
  if (line.charCodeAt(line.length - 1) !== 0x3e) return undefined;
  const open = line.lastIndexOf("<");
  return open < from ? undefined : unquote(line.slice(open + 1, -1));
}
