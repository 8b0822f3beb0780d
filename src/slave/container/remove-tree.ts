/**
 * Removes a tree that a container may still be changing: a process that gave itself another root outlives a stop. A path
 * would lead out of the tree when a directory on it becomes a link; and paths have at most 4096 bytes, while a tree may be
 * deeper. So the walk enters each directory by one name that is no link, and goes back only to the directory that it came
 * from, as fts(3) does.
 */
import * as sys from "vz:sys";
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";

const S_IFDIR = 0o040000;

interface Level {
  readonly name: string;
  /** Device and inode. */
  readonly id: string;
  /** What is left to remove in it. */
  readonly folders: string[];
}

/**
 * @param parent a directory that only root may write
 * @throws VzError 71 where something cannot be removed, or is moved meanwhile
 */
export function removeFolder(parent: string, name: string): void {
  const back = sys.open(".", sys.constants.O_RDONLY | sys.constants.O_DIRECTORY);
  try {
    sys.chdir(parent);
    walk({ name: parent, id: idOfHere(), folders: [name] });
  } catch (error) {
    throw new VzError(Status.osError, `${parent}/${name}: cannot be removed: ${reason(error)}`, {
      cause: error,
    });
  } finally {
    sys.fchdir(back);
    sys.close(back);
  }
}

function walk(top: Level): void {
  const levels = [top];
  for (let here: Level | undefined = top; here !== undefined; here = levels.at(-1)) {
    const next = here.folders.pop();
    if (next !== undefined) {
      if (enter(next)) levels.push({ name: next, id: idOfHere(), folders: unlinkAll() });
      continue;
    }
    levels.pop();
    const above = levels.at(-1);
    if (above === undefined) return;
    sys.chdir("..");
    if (idOfHere() !== above.id) throw new Error("a directory in it was moved");
    sys.rmdir(here.name);
  }
}

/** False where there is no such directory any more. */
function enter(name: string): boolean {
  try {
    const fd = sys.open(name, sys.constants.O_RDONLY | sys.constants.O_DIRECTORY | sys.constants.O_NOFOLLOW);
    sys.fchdir(fd);
    sys.close(fd);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** Removes all but directories, whose names it gives. */
function unlinkAll(): string[] {
  const folders = sys.readdir(".").filter(({ name, type }) => type === S_IFDIR || !unlinked(name));
  return folders.map(({ name }) => name);
}

/** False for a directory; not every filesystem tells the type with the name. */
function unlinked(name: string): boolean {
  try {
    sys.unlink(name);
    return true;
  } catch (error) {
    if (hasCode(error, "EISDIR")) return false;
    if (hasCode(error, "ENOENT")) return true;
    throw error;
  }
}

function idOfHere(): string {
  const { dev, ino } = sys.stat(".");
  return `${dev}:${ino}`;
}
