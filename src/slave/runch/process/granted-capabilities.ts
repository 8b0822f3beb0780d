/** Capabilities as this machine grants them: cut down to those that it has, and raised as ambient ones (capabilities(7)). */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import { CAPABILITIES } from "../../system/linux.ts";
import type { CapabilitySets } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";

const { PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE } = sys.constants;

/**
 * Raises ambient capabilities, which programs without any of their own inherit.
 * @param wanted bit mask; all of them are permitted and inheritable by now
 */
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

/** Names of the capabilities in a mask, lowest first. */
export function capabilityNames(bits: bigint): string[] {
  return CAPABILITIES.filter((_, i) => (bits >> BigInt(i)) & 1n).map((name) => `CAP_${name}`);
}

/** The sets cut down to `own`, the permitted set of this process. */
export function cutDown(sets: CapabilitySets, own: bigint, short: Shortfalls): CapabilitySets {
  const { bounding, effective, permitted, inheritable, ambient } = sets;
  const asked = bounding | effective | permitted | inheritable | ambient;
  short.add(capabilityNames(asked & ~own).join(" "), "not granted to this machine");
  return {
    ...sets,
    effective: effective & own,
    permitted: permitted & own,
    inheritable: inheritable & own,
    ambient: ambient & own,
  };
}
