/** Which files were born since a moment: tells a file that a run made from an older one that it opened with O_CREAT. */
import { lstatSync } from "node:fs";
import * as sys from "vz:sys";
import { toFs } from "../../common/byte-strings.ts";
import { parentOf } from "../names/walk.ts";

/**
 * @param paths byte strings of existing files
 * @param since seconds since the epoch, by the clock of files
 */
export function bornSince(paths: readonly string[], since: number): Set<string> {
  return new Set(paths.filter((path) => isBorn(path, since)));
}

function isBorn(path: string, since: number): boolean {
  try {
    const seconds = sys.birthTime(toFs(path));
    return seconds > 0 ? seconds > since : looksBorn(path, since);
  } catch {
    // Gone since.
    return false;
  }
}

/** A file that changed in a directory that changed too: all there is to go by where no birth is told. */
function looksBorn(path: string, since: number): boolean {
  const time = (name: string) => lstatSync(toFs(name)).mtimeMs / 1000;
  return time(path) > since && time(parentOf(path)) > since;
}
