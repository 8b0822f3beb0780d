/** Capability sets of config.json as bit masks (capabilities(7)). */
import { badConfig, type OciCapabilities } from "../../common/oci.ts";
import { CAPABILITIES } from "./linux.ts";

export interface CapabilitySets {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}

/** @throws VzError 78 for a name that is no capability */
function mask(names: readonly string[] | undefined, at: string): bigint {
  let bits = 0n;
  for (const name of names ?? []) {
    const bit = name.startsWith("CAP_") ? CAPABILITIES.indexOf(name.slice(4)) : -1;
    if (bit < 0) throw badConfig(`process.capabilities.${at}`, `${name} is no capability`);
    bits |= 1n << BigInt(bit);
  }
  return bits;
}

/** An absent object means none at all, as with runc and crun. */
export function capabilitySets(capabilities: OciCapabilities | undefined): CapabilitySets {
  return {
    bounding: mask(capabilities?.bounding, "bounding"),
    effective: mask(capabilities?.effective, "effective"),
    permitted: mask(capabilities?.permitted, "permitted"),
    inheritable: mask(capabilities?.inheritable, "inheritable"),
    ambient: mask(capabilities?.ambient, "ambient"),
  };
}

/** Names of the capabilities in a mask, lowest first. */
export function capabilityNames(bits: bigint): string[] {
  return CAPABILITIES.filter((_, i) => (bits >> BigInt(i)) & 1n).map((name) => `CAP_${name}`);
}
