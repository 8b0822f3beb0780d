/** Words for whoever started runch, beside its errors. */
import * as sys from "vz:sys";

/** Writes to standard error, if somebody is there. */
export function complain(line: string): void {
  if (line === "") return;
  try {
    sys.writeAll(2, line);
  } catch {
    // there is no one to tell
  }
}
