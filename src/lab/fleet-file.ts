/** The `fleet.yaml` of a lab, in the format of the fleet file, and the vendors of its VPSes. */
import { numbered } from "./host/groups.ts";
import { vpsAddress } from "./host/network.ts";
import { type LabSettings, labPaths } from "./host/state.ts";

const GREEK = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"];

/** Most vendors of one lab. */
export const MAX_VENDORS = GREEK.length;

/** Vendor of VPS `i` (from 1): round robin, so that neighbours differ. */
export function vendorOf(i: number, vendors: number): string {
  return GREEK[(i - 1) % vendors] ?? "alpha";
}

export function fleetFile(settings: LabSettings): string {
  const paths = labPaths(settings.name);
  const hosts = numbered(settings.groups).map(([i, { vendors, memory }]) => {
    const address = vpsAddress(settings.octet, i);
    return `  vps${i}: {address: ${address}, port: 22, vendor: ${vendorOf(i, vendors)}, memory: ${memory}M}\n`;
  });
  return `# Written by vz lab up.
fleet: lab
ssh: {user: root, key: ${quoted(paths.key)}, known_hosts: ${quoted(paths.knownHosts)}}
hosts:
${hosts.join("")}`;
}

/** A YAML scalar; JSON's strings are YAML's. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(text) ? text : JSON.stringify(text);
}
