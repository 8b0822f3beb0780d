/** Locks between calls of vzexec: one a container, one for init's table. They die with their process, and with the boot. */
import { setTimeout as sleep } from "node:timers/promises";
import * as sys from "vz:sys";
import { STATE_DIR } from "../../common/contract/paths.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import { makeDirectories } from "./files.ts";

const LOCKS_DIR = `${STATE_DIR}/.lock`;
const POLL_MS = 20;
/** Longer than a stop may take, which waits ten seconds for a program to end. */
const PATIENCE_MS = 25_000;

/** No container's name begins with a dot. */
export const INIT_LOCK = ".init";

/**
 * Runs `work` while no other vzexec holds the lock `name`.
 * @throws VzError 75 when another does not let go in time
 */
export async function withLock<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const fd = openLock(name);
  try {
    for (let waited = 0; !tryLock(fd); waited += POLL_MS) {
      if (waited >= PATIENCE_MS) {
        const what = name === INIT_LOCK ? "init's table" : `container ${name}`;
        throw new VzError(Status.tryAgain, `${what}: another vzexec is at work on it`);
      }
      await sleep(POLL_MS);
    }
    return await work();
  } finally {
    sys.close(fd);
  }
}

/** Runs `work` only if nobody holds the lock `name`. */
export function ifUnlocked(name: string, work: () => void): void {
  const fd = openLock(name);
  try {
    if (tryLock(fd)) work();
  } finally {
    sys.close(fd);
  }
}

function openLock(name: string): number {
  // 0711, as runch makes it: a container's user may reach what he knows the name of.
  makeDirectories(STATE_DIR, 0o711);
  makeDirectories(LOCKS_DIR, 0o700);
  const file = `${LOCKS_DIR}/${name}`;
  return sys.open(file, sys.constants.O_RDWR | sys.constants.O_CREAT | sys.constants.O_NOFOLLOW, 0o600);
}

function tryLock(fd: number): boolean {
  try {
    sys.flock(fd, sys.constants.LOCK_EX | sys.constants.LOCK_NB);
    return true;
  } catch (error) {
    if (hasCode(error, "EAGAIN", "EWOULDBLOCK")) return false;
    throw error;
  }
}
