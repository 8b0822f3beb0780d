/** Capabilities that a container asks for and this machine does not have: told, and left out. */

import { CAPABILITIES } from "../../system/linux.ts";
import type { Shortfalls } from "../shortfalls.ts";
import type { CapabilitySets } from "./capabilities.ts";

/** Names of the capabilities in a mask, lowest first. */
export function capabilityNames(bits: bigint): string[] {
  return CAPABILITIES.filter((_, i) => (bits >> BigInt(i)) & 1n).map((name) => `CAP_${name}`);
}

/** The sets cut down to `own`, which are those of this process. */
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
