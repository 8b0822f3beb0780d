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

/** Characters of the file's name in a temporary one: even at three bytes each the whole stays within NAME_MAX. */
const KEPT_CHARACTERS = 60;

/** A random name for a temporary file beside `file`. Open it with O_EXCL, which fails where the name is taken. */
export function temporaryBeside(file: string): string {
  const kept = basename(file).slice(0, KEPT_CHARACTERS);
  const own = Math.floor(Math.random() * 2 ** 48);
  return join(dirname(file), `.${kept}.${own.toString(16).padStart(12, "0")}.tmp`);
}

/**
 * Writes a temporary file beside `file`, syncs it to disk, and renames it.
 * @param mode permissions, whatever the umask; "umask": 0666 less the umask; "keep": mode and owner of the old file (for root)
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

/** Syncs to disk what a file holds, or the names in a directory (fsync(2)). */
export function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
