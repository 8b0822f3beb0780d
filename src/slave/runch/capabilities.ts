/** Capability sets of config.json as bit masks (capabilities(7)). */
import type { OciCapabilities } from "../../common/oci.ts";
import { CAPABILITIES } from "./linux.ts";

export interface CapabilitySets {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
  /** Names that no kernel known here has. */
  readonly unknown: readonly string[];
}

/** @param unknown gets the names that are no capability: they "MUST be logged as a warning" (config.md) */
function mask(names: readonly string[] | undefined, unknown: string[]): bigint {
  let bits = 0n;
  for (const name of names ?? []) {
    const bit = name.startsWith("CAP_") ? CAPABILITIES.indexOf(name.slice(4)) : -1;
    if (bit >= 0) bits |= 1n << BigInt(bit);
    else if (!unknown.includes(name)) unknown.push(name);
  }
  return bits;
}

/** An absent object means none at all, as with runc and crun. */
export function capabilitySets(capabilities: OciCapabilities | undefined): CapabilitySets {
  const unknown: string[] = [];
  return {
    bounding: mask(capabilities?.bounding, unknown),
    effective: mask(capabilities?.effective, unknown),
    permitted: mask(capabilities?.permitted, unknown),
    inheritable: mask(capabilities?.inheritable, unknown),
    ambient: mask(capabilities?.ambient, unknown),
    unknown,
  };
}

/** Names of the capabilities in a mask, lowest first. */
export function capabilityNames(bits: bigint): string[] {
  return CAPABILITIES.filter((_, i) => (bits >> BigInt(i)) & 1n).map((name) => `CAP_${name}`);
}
