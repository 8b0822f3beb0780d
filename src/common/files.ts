/** Files that are there whole or not at all, whenever the machine stops. */
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Writes under a temporary name beside `file`, has it on disk, and renames it. */
export function writeFileAtomic(file: string, content: string | Uint8Array, mode: number): void {
  const temporary = `${file}.${process.pid}.new`;
  try {
    const fd = openSync(temporary, "w", mode);
    try {
      fchmodSync(fd, mode);
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
