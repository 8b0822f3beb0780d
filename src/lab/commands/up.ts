import { existsSync } from "node:fs";
import * as sys from "vz:sys";
import type { Command } from "../../common/command/command.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import { replaceFile } from "../../common/files.ts";
import { ensureKey, giveToCaller, writeKnownHosts } from "../access.ts";
import { ensureDisk } from "../disk.ts";
import { establish, presentGroup } from "../establish.ts";
import { fleetFile } from "../fleet-file.ts";
import { nativeArchs } from "../host/arch.ts";
import { type Group, numbersOf, total } from "../host/groups.ts";
import { withLab } from "../host/lock.ts";
import { needRoot } from "../host/need-root.ts";
import { addBridge, bridgeName, configureBridge } from "../host/network.ts";
import { type LabSettings, labName, readSettings } from "../host/state.ts";
import { ipBatch } from "../host/tool.ts";
import { prepare } from "../prepare.ts";
import { startVps, waitForSshd } from "../vps/power.ts";
import { showLab } from "./ls.ts";
import { readWish, wishOptions } from "./wish.ts";

export const up: Command = {
  name: "vz lab up",
  summary: "bring up N fake VPSes, and write a fleet.yaml for them",
  usage: ["vz lab up N [OPTION…]"],
  details:
    "Each VPS has a Debian with a real init and sshd, its own address, disk and memory limit, and no python, node or perl. " +
    "It is a namespace of this machine's kernel, up in a second; with --vm it is a machine by qemu, up in some ten, on which kill is a " +
    "power cut. The first run on a machine makes the root filesystem, which takes half a minute. Run again, it brings up what " +
    "is down; asked for another kind of VPS (--vm, --arch, --kernel, --openvz, --only32, --only64), it adds them to those that are there. " +
    'VZ_LAB=NAME in the environment chooses another lab than "default"; labs do not see each other. VZ_LAB_ACCEL=kvm or tcg chooses ' +
    "qemu's accelerator, which is else found out.",
  options: wishOptions,
  examples: [
    { command: "vz lab up 3", does: "three VPSes at two vendors" },
    { command: "vz lab up 2 --vm --mem 64", does: "two machines with 64 MB, beside what is there" },
    {
      command: "vz lab up 1 --init sysv --mem 128 --openvz --kernel 2.6.32 --only32",
      does: "the poorest VPS there is",
    },
  ],
  async run(args, io) {
    const native = nativeArchs(io.env);
    const wish = readWish(args, native);
    needRoot(this.name);
    sys.umask(0o022);
    const name = labName(io);
    const group = presentGroup(readSettings(name), wish) ?? prepare(wish, native, io);
    const settings = await withLab(name, io, async () => {
      const found = await establish(name, group, io);
      await bringUp(found, presentGroup(found, wish) ?? group);
      return found;
    });
    const wrote = writeFleetFile(settings, args.flag("force"));
    showLab(settings, io);
    io.out(nextSteps(total(settings.groups), wrote));
    return Status.ok;
  },
};

async function bringUp(settings: LabSettings, group: Group): Promise<void> {
  const { name, octet, groups } = settings;
  const numbers = numbersOf(groups, group);
  ensureKey(name);
  if (!existsSync(`/sys/class/net/${bridgeName(octet)}`)) ipBatch(addBridge(octet));
  ipBatch(configureBridge(octet, total(groups)));
  for (const i of numbers) {
    ensureDisk(settings, i);
    startVps(settings, i);
  }
  writeKnownHosts(settings);
  for (const i of numbers) await waitForSshd(settings, i);
}

function writeFleetFile(settings: LabSettings, force: boolean): boolean {
  if (existsSync("fleet.yaml") && !force) return false;
  try {
    replaceFile("fleet.yaml", fleetFile(settings), 0o644);
  } catch (error) {
    if (!hasCode(error, "EACCES", "EROFS", "ENOENT")) throw error;
    throw new VzError(Status.osError, "fleet.yaml: cannot be written in this directory", {
      hint: "the lab is up; run vz lab up again where you may write",
      cause: error,
    });
  }
  giveToCaller("fleet.yaml");
  return true;
}

function nextSteps(count: number, wrote: boolean): string {
  const file = wrote
    ? "fleet.yaml describes them."
    : "fleet.yaml was here already and is as it was (--force replaces it).";
  const last = count > 1 ? 2 : 1;
  return `
${file} Try:
  vz lab ssh 1 ps       what runs on vps1
  vz master deploy      put vz on them
  vz lab kill ${last}         the vendor dies; vz lab boot ${last} brings it back
  vz lab down           and nothing is left
`;
}
