/** The end of a lab. */
import { closeSync } from "node:fs";
import { claims, dropClaim } from "./host/claims.ts";
import { labLinks } from "./host/network.ts";
import { list, removeState, vpsesOf } from "./host/state.ts";
import { tool } from "./host/tool.ts";
import { removeGroups } from "./vps/cgroup.ts";
import { stopVps } from "./vps/power.ts";

function removeLinks(octet: number): void {
  for (const link of labLinks(octet, list("/sys/class/net"))) {
    try {
      tool("ip", ["link", "del", link]);
    } catch (error) {
      // A VPS's link vanishes by itself a moment after the VPS.
      if (list("/sys/class/net").includes(link)) throw error;
    }
  }
}

/**
 * Ends a lab and removes all of it. Goes by what it finds and not by settings, so that it also clears up after a crash.
 * @returns whether there was anything
 */
export async function takeDown(name: string): Promise<boolean> {
  const numbers = vpsesOf(name);
  const locks = await Promise.all(numbers.map((i) => stopVps(name, i)));
  const octets = [...claims()].filter(([, lab]) => lab === name).map(([octet]) => octet);
  for (const octet of octets) removeLinks(octet);
  await removeGroups(name);
  removeState(name);
  octets.forEach(dropClaim);
  locks.forEach(closeSync);
  return numbers.length > 0 || octets.length > 0;
}
