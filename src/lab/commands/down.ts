import { closeSync } from "node:fs";
import type { Command } from "../../common/command/command.ts";
import { Status } from "../../common/errors.ts";
import { claims, dropClaim } from "../claims.ts";
import { withLab } from "../lock.ts";
import { needRoot } from "../need-root.ts";
import { labLinks } from "../network.ts";
import { labName, list, removeState, vpsesOf } from "../state.ts";
import { tool } from "../tool.ts";
import { removeGroups } from "../vps/cgroup.ts";
import { stopVps } from "../vps/power.ts";

export const down: Command = {
  name: "vz lab down",
  summary: "end the lab and remove all of it but the cached root filesystem",
  usage: ["vz lab down"],
  details: "Also cleans up after a lab that was interrupted or crashed. ./fleet.yaml stays.",
  options: [],
  examples: [{ command: "VZ_LAB=second vz lab down", does: "the lab named second" }],
  async run(_args, io) {
    needRoot(this.name);
    const name = labName(io);
    const ended = await withLab(name, io, () => takeDown(name));
    io.out(ended ? `lab ${name} is down\n` : `lab ${name} was not up\n`);
    return Status.ok;
  },
};

/**
 * Ends and removes whatever there is of a lab, by what is found and not by its settings, so that it also clears what a crash has left.
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

function removeLinks(octet: number): void {
  for (const link of labLinks(octet, list("/sys/class/net"))) {
    try {
      tool("ip", ["link", "del", link]);
    } catch (error) {
      // A VPS's end goes by itself a moment after the VPS.
      if (list("/sys/class/net").includes(link)) throw error;
    }
  }
}
