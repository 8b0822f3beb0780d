/** Files that are there whole or not at all, whenever the machine stops. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** Of a file's name: with three bytes each and what is put around them they are no longer than a name may be. */
const KEPT_CHARACTERS = 60;

/** A name beside `file` that is none of a file to be kept; to be opened as a new one, which fails where something has it. */
export function temporaryBeside(file: string): string {
  const kept = basename(file).slice(0, KEPT_CHARACTERS);
  const own = Math.floor(Math.random() * 2 ** 48);
  return join(dirname(file), `.${kept}.${own.toString(16).padStart(12, "0")}.tmp`);
}

/**
 * Writes under a temporary name beside `file`, has it on disk, and renames it.
 * @param mode permissions, whatever the umask; "umask": what that leaves; "keep": mode and owner of the file that is there, as root
 */
export function replaceFile(
  file: string,
  content: string | Uint8Array,
  mode: number | "keep" | "umask",
): void {
  const temporary = temporaryBeside(file);
  try {
    const fd = openSync(temporary, "wx", typeof mode === "number" ? mode : 0o666);
    try {
      const old = mode === "keep" ? statSync(file, { throwIfNoEntry: false }) : undefined;
      if (old !== undefined) fchownSync(fd, old.uid, old.gid);
      if (old !== undefined) fchmodSync(fd, old.mode & 0o7777);
      else if (typeof mode === "number") fchmodSync(fd, mode);
      writeFileSync(fd, content);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncPath(dirname(file));
}

/** Has on disk what a file holds, or the names in a directory. */
export function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
