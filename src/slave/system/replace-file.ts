import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { hasCode } from "../../common/errors.ts";
import { syncPath } from "../../common/files.ts";

/**
 * Writes `file` so that after a crash at any moment it is the old or the new one, whole. Keeps the mode and owner of the
 * file that is there; a new one gets `mode`.
 */
export function replaceFile(file: string, bytes: Uint8Array, mode: number): void {
  const temporary = join(dirname(file), `.${basename(file)}.vz-new`);
  const old = statOrNone(file);
  rmSync(temporary, { force: true });
  const fd = openSync(temporary, "wx", 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, null);
    if (old !== undefined) chownSync(temporary, old.uid, old.gid);
    fchmodSync(fd, old === undefined ? mode : old.mode & 0o7777);
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
  syncPath(dirname(file));
}

function statOrNone(file: string): { uid: number; gid: number; mode: number } | undefined {
  try {
    return statSync(file);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
