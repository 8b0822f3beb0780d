/** One lock a lab, for the commands that change it, and one a VPS, for its runner. The kernel drops them with their holder. */
import { closeSync, fstatSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { hasSettings, labPaths, RUN, removeIfEmpty } from "./state.ts";
import { holdInTools } from "./tool.ts";

/**
 * Takes the lock at `path`; the directory must exist.
 * @param wait whether to wait for its holder
 * @returns its descriptor, or undefined where another holds it
 */
export function tryLock(path: string, wait = false): number | undefined {
  for (;;) {
    const fd = openSync(path, "a", 0o600);
    try {
      sys.flock(fd, sys.constants.LOCK_EX | (wait ? 0 : sys.constants.LOCK_NB));
      // Its last holder may have removed the file that was just locked.
      if (isSameFile(fd, path)) return fd;
    } catch (error) {
      closeSync(fd);
      if (hasCode(error, "EAGAIN", "EWOULDBLOCK")) return undefined;
      throw error;
    }
    closeSync(fd);
  }
}

function isSameFile(fd: number, path: string): boolean {
  try {
    const [held, named] = [fstatSync(fd), statSync(path)];
    return held.ino === named.ino && held.dev === named.dev;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** How often a directory may be removed between making it and opening the lock in it. */
const TRIES = 100;

/**
 * Takes a lock, and waits while another holds it; makes its directory, again if that is removed meanwhile.
 * @param busy called before it waits
 */
export function waitForLock(dir: string, path: string, busy: () => void): number {
  let told = false;
  for (let tries = 1; ; tries++) {
    try {
      mkdirSync(dir, { recursive: true });
      const fd = tryLock(path, told);
      if (fd !== undefined) return fd;
      busy();
      told = true;
    } catch (error) {
      if (!hasCode(error, "ENOENT") || tries === TRIES) throw error;
    }
  }
}

/** Runs `work` while no other command changes the lab. */
export async function withLab<T>(name: string, io: Io, work: () => T | Promise<T>): Promise<T> {
  const { dir, lock } = labPaths(name);
  sys.umask(0o022);
  const fd = waitForLock(dir, lock, () => io.err(`vz: lab ${name}: waiting for another vz lab command\n`));
  holdInTools(fd);
  try {
    return await work();
  } finally {
    holdInTools(undefined);
    if (!hasSettings(name)) {
      rmSync(lock, { force: true });
      removeIfEmpty(dir);
    }
    closeSync(fd);
    removeIfEmpty(RUN);
  }
}
