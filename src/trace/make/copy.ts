/** Copies single files as `cp -a` does: content, mode, owner, time of change. Names are strings of the file functions. */
import {
  chmodSync,
  copyFileSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  readlinkSync,
  type Stats,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";

/** Copies a regular file; `to` must not exist. @returns the source's status */
export function copyFile(from: string, to: string): Stats {
  return naming(from, () => {
    const stat = lstatSync(from);
    copyFileSync(from, to);
    giveAway(to, stat);
    // After the owner: a change of owner takes the setuid bit away.
    chmodSync(to, stat.mode & 0o7777);
    utimesSync(to, stat.atimeMs / 1000, stat.mtimeMs / 1000);
    return stat;
  });
}

/** Copies a symbolic link as a link. */
export function copyLink(from: string, to: string): void {
  naming(from, () => {
    const stat = lstatSync(from);
    symlinkSync(readlinkSync(from), to);
    giveAway(to, stat);
    lutimesSync(to, stat.atimeMs / 1000, stat.mtimeMs / 1000);
  });
}

/** Gives a directory that is filled already the mode, owner and time of another. */
export function dressDirectory(from: string, to: string): void {
  naming(from, () => {
    const stat = lstatSync(from);
    giveAway(to, stat);
    chmodSync(to, stat.mode & 0o7777);
    utimesSync(to, stat.atimeMs / 1000, stat.mtimeMs / 1000);
  });
}

/** Gives a copy the owner of its source; the copies of a user who is not root stay that user's. */
export function giveAway(to: string, stat: Stats): void {
  try {
    lchownSync(to, stat.uid, stat.gid);
  } catch (error) {
    if (!hasCode(error, "EPERM") || process.getuid?.() === 0) throw error;
  }
}

function naming<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new VzError(Status.osError, `${file}: cannot be copied: ${reason(cause)}`, { cause });
  }
}
