/** Capability sets of config.json as bit masks (capabilities(7)). */
import type { OciCapabilities } from "../../../common/oci/oci.ts";
import { CAPABILITIES } from "../../system/linux.ts";
import type { CapabilitySets } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";

/** An unknown name is a shortfall, and is left out: the specification wants a warning and no failure ("Linux Process"). */
function mask(names: readonly string[] | undefined, at: string, short: Shortfalls): bigint {
  let bits = 0n;
  for (const name of names ?? []) {
    const bit = name.startsWith("CAP_") ? CAPABILITIES.indexOf(name.slice(4)) : -1;
    if (bit < 0) {
      short.add(`process.capabilities.${at}: ${JSON.stringify(name)}`, "no such capability");
      continue;
    }
    bits |= 1n << BigInt(bit);
  }
  return bits;
}

/** An absent object means none at all, as with runc and crun. */
export function capabilitySets(capabilities: OciCapabilities | undefined, short: Shortfalls): CapabilitySets {
  return {
    bounding: mask(capabilities?.bounding, "bounding", short),
    effective: mask(capabilities?.effective, "effective", short),
    permitted: mask(capabilities?.permitted, "permitted", short),
    inheritable: mask(capabilities?.inheritable, "inheritable", short),
    ambient: mask(capabilities?.ambient, "ambient", short),
  };
}
