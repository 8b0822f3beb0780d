/** Ambient capabilities, which programs without any of their own inherit (capabilities(7)). */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import { CAPABILITIES } from "../../system/linux.ts";
import type { Shortfalls } from "../shortfalls.ts";

const { PR_CAP_AMBIENT = 0, PR_CAP_AMBIENT_RAISE = 0 } = sys.constants;

/** @param wanted bit mask; all of them are permitted and inheritable by now */
export function raiseAmbient(wanted: bigint, short: Shortfalls): void {
  for (let number = 0; number < CAPABILITIES.length; number++) {
    if (((wanted >> BigInt(number)) & 1n) === 0n) continue;
    try {
      sys.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number);
    } catch (error) {
      // EINVAL: before Linux 4.3. EPERM: not permitted or not inheritable
      if (!hasCode(error, "EINVAL", "EPERM")) throw error;
      short.add("process.capabilities.ambient", reason(error));
      return;
    }
  }
}
