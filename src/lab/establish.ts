/** Settles what a lab consists of: its groups of VPSes and its addresses. */
import { Status, VzError } from "../common/errors.ts";
import { replaceFile } from "../common/files.ts";
import type { Io } from "../common/io.ts";
import { claim, claims } from "./host/claims.ts";
import { fits, type Group, groupOfKind, total, type Wish } from "./host/groups.ts";
import { freeOctet, MAX_VPSES, octetsInUse } from "./host/network.ts";
import { type LabSettings, labPaths, readSettings } from "./host/state.ts";
import { tool } from "./host/tool.ts";
import { takeDown } from "./take-down.ts";
import { limit, sayWhatIsNotHeld } from "./vps/power.ts";

/**
 * The lab's group of the wish's kind, or undefined when it has none.
 * @throws VzError 1 when that group has other settings than the wish
 */
export function presentGroup(settings: LabSettings | undefined, wish: Wish): Group | undefined {
  const group = groupOfKind(settings?.groups ?? [], wish);
  if (settings === undefined || group === undefined || fits(group, wish)) return group;
  throw new VzError(Status.failed, `lab ${settings.name}: is up already, with other settings`, {
    hint: "vz lab down first, or VZ_LAB=NAME for one beside it",
  });
}

/** Adds `group` to the lab's settings unless they have it. Where the lab is not up, first removes what an interrupted run left. */
export async function establish(name: string, group: Group, io: Io): Promise<LabSettings> {
  const present = readSettings(name);
  if (present !== undefined && presentGroup(present, group) !== undefined) return present;
  if (present === undefined) await takeDown(name);
  const { octet, groups } = present ?? { octet: claimOctet(name), groups: [] };
  if (total(groups) + group.count > MAX_VPSES) {
    throw new VzError(Status.usage, `lab ${name}: would have more than ${MAX_VPSES} VPSes`, {
      hint: "VZ_LAB=NAME for a lab beside it",
    });
  }
  const settings = { name, octet, groups: [...groups, holding(name, group, total(groups) + 1, io)] };
  replaceFile(labPaths(name).settings, `${JSON.stringify(settings, null, 2)}\n`, 0o644);
  return settings;
}

/** Notes in the group whether this machine can limit its VPSes' memory, by trying it with the first of them. */
function holding(name: string, group: Group, first: number, io: Io): Group {
  if (group.kind === "vm") return group;
  const held = limit(name, group, first);
  sayWhatIsNotHeld(held, io);
  return { ...group, memoryLimited: held.memory };
}

function claimOctet(name: string): number {
  const routed = octetsInUse(
    tool("ip", ["-4", "-o", "addr"]) + tool("ip", ["-4", "route", "show", "table", "all"]),
  );
  for (;;) {
    const octet = freeOctet(new Set([...routed, ...claims().keys()]));
    if (octet === undefined) throw new VzError(Status.osError, "10.213.0.0/16: no /24 of it is free");
    if (claim(octet, name)) return octet;
  }
}
