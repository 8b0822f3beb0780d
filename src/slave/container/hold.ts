/** Keeps runch from starting a container while its bundle is replaced: init's line stays, so that a boot starts the old or the new one. */
import * as sys from "vz:sys";
import { STATE_DIR } from "../../common/contract/paths.ts";
import { hasCode } from "../../common/errors.ts";
import { stateDirectory } from "../runch/state/state-store.ts";
import { makeDirectories } from "../system/files.ts";
import type { Places } from "./places.ts";
import { runnersOf } from "./processes.ts";
import { signalAll, waitFor } from "./signal.ts";

/**
 * Takes the lock that every start of the container takes (runch/life/start-bundle.ts), and kills the runners that are in the way.
 * The lock ends with this process.
 * @returns a function that releases the lock, or null where it was not free within `ms` milliseconds
 */
export async function holdStarts(name: string, places: Places, ms: number): Promise<(() => void) | null> {
  const directory = stateDirectory(STATE_DIR, name);
  makeDirectories(STATE_DIR, 0o711);
  makeDirectories(directory, 0o700);
  const fd = sys.open(directory, sys.constants.O_RDONLY | sys.constants.O_DIRECTORY);
  const taken = () => {
    try {
      sys.flock(fd, sys.constants.LOCK_EX | sys.constants.LOCK_NB);
      return true;
    } catch (error) {
      if (!hasCode(error, "EAGAIN", "EWOULDBLOCK")) throw error;
      signalAll(runnersOf(places.bundle), "SIGKILL");
      return false;
    }
  };
  const release = () => {
    sys.close(fd);
    // runners that came meanwhile wait before they try again; init starts new ones at once
    signalAll(runnersOf(places.bundle), "SIGKILL");
  };
  try {
    if (await waitFor(taken, ms)) return release;
  } catch (error) {
    sys.close(fd);
    throw error;
  }
  sys.close(fd);
  return null;
}
