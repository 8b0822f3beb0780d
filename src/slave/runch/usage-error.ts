/** Mistakes in a command line. */
import { Status, VzError } from "../../common/errors.ts";

export function usageError(why: string, hint: string = "runch --help"): VzError {
  return new VzError(Status.usage, `runch: ${why}`, { hint });
}
