/** Adds to a selection what globs and earlier specs name beside what a run touched, and takes out what excludes cover. */
import { accessSync, constants } from "node:fs";
import { interpreterOf, SCRIPT_LINE } from "../closure/interpreter.ts";
import type { HostFiles } from "../elf/host-files.ts";
import { Selection } from "../names/selection.ts";
import type { Place, Walker } from "../names/walk.ts";
import type { Glob } from "./glob.ts";
import { lineBreaks } from "./spec.ts";

/** The kernel's trees: nothing in them is looked for. */
const FOREIGN = /^\/(?:proc|sys|dev)$/;

/**
 * Names that a glob matches, spelt as the glob spells them: links on the way are still in them.
 * @param closed takes directories that this user may not list: what they hold is not found
 */
export function expandGlob(
  glob: Glob,
  walker: Walker,
  files: Pick<HostFiles, "list">,
  closed: (directory: string) => void = () => {},
): string[] {
  const found: string[] = [];
  const isDirectory = (name: string) => walker.resolve(name, false)?.type === "directory";
  const list = (directory: string) => {
    if (FOREIGN.test(directory)) return [];
    const names = files.list(directory || "/");
    if (names.length === 0 && isClosed(directory || "/", walker)) closed(directory || "/");
    return names.sort();
  };
  const below = (directory: string) => {
    found.push(directory || "/");
    for (const name of list(directory)) {
      const path = `${directory}/${name}`;
      if (isDirectory(path)) below(path);
      else found.push(path);
    }
  };
  const expand = (directory: string, at: number): void => {
    const part = glob.parts[at];
    const isLast = at === glob.parts.length - 1;
    if (part === undefined) found.push(directory || "/");
    else if (part.kind === "literal") {
      const path = `${directory}/${part.name}`;
      if (walker.resolve(path, !isLast) !== undefined) expand(path, at + 1);
    } else if (part.kind === "match") {
      for (const name of list(directory))
        if (part.expression.test(name)) expand(`${directory}/${name}`, at + 1);
    } else if (FOREIGN.test(directory)) {
      return;
    } else if (isLast) {
      if (walker.resolve(directory)?.type === "directory") below(directory);
    } else {
      expand(directory, at + 1);
      for (const name of list(directory)) {
        const path = `${directory}/${name}`;
        if (isDirectory(path)) expand(path, at);
      }
    }
  };
  expand("", 0);
  return [...new Set(found)];
}

function isClosed(directory: string, walker: Walker): boolean {
  const place = walker.resolve(directory);
  if (place?.type !== "directory") return false;
  try {
    accessSync(walker.fs(place.path), constants.R_OK | constants.X_OK);
    return false;
  } catch {
    return true;
  }
}

/** Takes what the operator named, also in /run, whose state is otherwise of no use to the next start. */
function takeWanted(place: Place, selection: Selection): void {
  selection.take(place, true);
  const { path, type } = place;
  if (!path.startsWith("/run/") || selection.isMade(path)) return;
  if (type === "file") selection.addFile(path);
  if (type === "link") selection.links.add(path);
}

/** Whether a root filesystem may hold any of these: of the kernel's trees, a few devices only. */
export function mayInclude(names: readonly string[], walker: Walker): boolean {
  const selection = new Selection(walker);
  return names.some((name) => {
    const place = walker.resolve(name) ?? walker.resolve(name, false);
    if (place !== undefined) takeWanted(place, selection);
    return place !== undefined && holds(selection, place.path);
  });
}

/**
 * Takes each name with the links on its way and what they lead to; programs, libraries and scripts count as executed, so that
 * the closure finds what they need. A directory is taken without what it holds.
 */
export function includeNames(
  names: readonly string[],
  selection: Selection,
  files: HostFiles,
  walker: Walker,
): void {
  for (const name of names) {
    const place = walker.resolve(name) ?? walker.resolve(name, false);
    if (place === undefined) continue;
    takeWanted(place, selection);
    if (place.type !== "file" || !selection.files.has(place.path)) continue;
    const runs =
      files.elf(place.path) !== null || interpreterOf(files.part(place.path, 0, SCRIPT_LINE)) !== undefined;
    if (runs) selection.executed.add(place.path);
  }
}

/**
 * Takes what earlier runs listed.
 * @param lines of specs, as they stand there
 * @returns lines whose files are no longer there
 */
export function mergeSpec(lines: readonly string[], selection: Selection, walker: Walker): string[] {
  const gone: string[] = [];
  for (const line of lines) {
    let isThere = false;
    for (const name of lineBreaks(line)) {
      const itself = walker.resolve(name, false);
      if (itself === undefined) continue;
      isThere = true;
      if (itself.type === "link") selection.take(itself, false);
      selection.add(name, itself.type === "directory");
    }
    if (!isThere) gone.push(line);
  }
  return gone;
}

/** Takes out what an exclude covers, whatever brought it in. Gives the names. */
export function dropExcluded(excludes: readonly Glob[], selection: Selection): Set<string> {
  const dropped = new Set<string>();
  if (excludes.length === 0) return dropped;
  for (const names of [selection.files, selection.directories, selection.links, selection.devices]) {
    for (const name of names) {
      if (!excludes.some((glob) => glob.covers(name))) continue;
      names.delete(name);
      selection.executed.delete(name);
      dropped.add(name);
    }
  }
  return dropped;
}

function holds({ files, directories, links, devices }: Selection, path: string): boolean {
  return files.has(path) || directories.has(path) || links.has(path) || devices.has(path) || path === "/";
}
