/** `linux.personality` of config.json (personality(2)). */
import * as sys from "vz:sys";
import { badConfig as bad, type OciLinux } from "../../../common/oci/oci.ts";
import { attempt } from "../../system/failure.ts";
import { lookup } from "../../system/linux.ts";

const PERSONALITIES: Readonly<Record<string, number>> = { LINUX: 0, LINUX32: 8 };

/** @returns the number of the personality @throws VzError 78 */
export function planPersonality({ domain, flags }: NonNullable<OciLinux["personality"]>): number {
  if (flags?.length) throw bad("linux.personality.flags", "the specification defines none");
  const persona = lookup(PERSONALITIES, domain);
  if (persona === undefined) throw bad("linux.personality.domain", `no such domain: ${domain}`);
  return persona;
}

export function setPersonality(persona: number): void {
  attempt("linux.personality", () => sys.personality(persona));
}
