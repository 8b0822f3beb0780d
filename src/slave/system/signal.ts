/** Signals to processes that may have ended. */
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";

/** Sends a signal; a process that has ended is no error. */
export function signal(pid: number, number: number): void {
  try {
    sys.kill(pid, number);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
