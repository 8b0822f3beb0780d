/** `hostname` and `domainname` of config.json. */
import * as sys from "vz:sys";
import { badConfig as bad, type OciConfig } from "../../../common/oci/oci.ts";
import type { Plan } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";

/** @returns the name to set, undefined for none @throws VzError 78 where it would be the machine's */
export function planUtsName(
  field: "hostname" | "domainname",
  config: OciConfig,
  { namespaces, joins }: Pick<Plan, "namespaces" | "joins">,
  short: Shortfalls,
): string | undefined {
  const name = config[field];
  if (!name) return undefined;
  if (namespaces.includes("uts") || joins.some(({ type }) => type === "uts")) return name;
  if (!config.linux?.namespaces?.some(({ type }) => type === "uts")) {
    throw bad(field, "without a uts namespace it would rename the whole machine");
  }
  short.add(field, "it needs a uts namespace");
  return undefined;
}

/** @param own whether this process is in a uts namespace of the container's */
export function setUtsNames({ hostname, domainname }: Plan, own: boolean, short: Shortfalls): void {
  if (hostname !== undefined) {
    if (own) sys.sethostname(hostname);
    else short.add("hostname", "it needs a uts namespace");
  }
  if (domainname !== undefined) {
    if (own) sys.setdomainname(domainname);
    else short.add("domainname", "it needs a uts namespace");
  }
}
