import { chownSync, existsSync, renameSync, rmSync } from "node:fs";
import * as sys from "vz:sys";
import type { Command } from "../common/command.ts";
import { hasCode, Status, VzError } from "../common/errors.ts";
import { writeFileAtomic } from "../common/files.ts";
import type { Io } from "../common/io.ts";
import { claim, claims } from "./claims.ts";
import { ensureDisk, knownHost } from "./disk.ts";
import { takeDown } from "./down.ts";
import { fleetFile } from "./fleet-file.ts";
import { needRoot } from "./linux.ts";
import { withLab } from "./lock.ts";
import { showLab } from "./ls.ts";
import { addBridge, bridgeName, configureBridge, freeOctet, octetsInUse, vpsAddress } from "./network.ts";
import { limit, sayWhatIsNotHeld, startVps, waitForSshd } from "./power.ts";
import { ensureRootfs } from "./rootfs.ts";
import { type LabSettings, labName, labPaths, readSettings } from "./state.ts";
import { ipBatch, tool } from "./tool.ts";
import { readWish, sameWish, type Wish, wishOptions } from "./wish.ts";

export const up: Command = {
  name: "vz lab up",
  summary: "bring up N fake VPSes, and write a fleet.yaml for them",
  usage: ["vz lab up N [OPTION…]"],
  details:
    "Each VPS has an i386 Debian with a real init and sshd, its own address, disk and memory limit, and no python, node or perl. " +
    "The first run on a machine makes the root filesystem, which takes half a minute. Run again, it brings up what is down. " +
    'VZ_LAB=NAME in the environment chooses another lab than "default"; labs do not see each other.',
  options: wishOptions,
  examples: [
    { command: "vz lab up 3", does: "three VPSes at two vendors" },
    {
      command: "vz lab up 1 --init sysv --mem 128 --openvz --kernel 2.6.32 --only32",
      does: "the poorest VPS there is",
    },
  ],
  async run(args, io) {
    const wish = readWish(args);
    needRoot(this.name);
    sys.umask(0o022);
    const name = labName(io);
    const base = ensureRootfs(io);
    const settings = await withLab(name, io, async () => {
      const found = await establish(name, wish, base, io);
      await bringUp(found);
      return found;
    });
    const wrote = writeFleetFile(settings, args.flag("force"));
    showLab(settings, io);
    io.out(nextSteps(settings, wrote));
    return Status.ok;
  },
};

/** The lab's settings: those that it is up with, or new ones after whatever an interrupted run has left is gone. */
async function establish(name: string, wish: Wish, base: string, io: Io): Promise<LabSettings> {
  const present = readSettings(name);
  if (present !== undefined) {
    if (sameWish(present, wish)) return present;
    throw new VzError(Status.failed, `lab ${name}: is up already, with other settings`, {
      hint: "vz lab down first, or VZ_LAB=NAME for one beside it",
    });
  }
  await takeDown(name);
  const octet = claimOctet(name);
  const settings = { name, ...wish, octet, base, memoryLimited: true };
  const held = limit(settings, 1);
  sayWhatIsNotHeld(held, io);
  const all = { ...settings, memoryLimited: held.memory };
  writeFileAtomic(labPaths(name).settings, `${JSON.stringify(all, null, 2)}\n`, 0o644);
  return all;
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

async function bringUp(settings: LabSettings): Promise<void> {
  const { name, octet, count } = settings;
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  ensureKey(name);
  if (!existsSync(`/sys/class/net/${bridgeName(octet)}`)) ipBatch(addBridge(octet));
  ipBatch(configureBridge(octet, count));
  for (const i of numbers) {
    ensureDisk(settings, i);
    startVps(settings, i);
  }
  const lines = numbers.map((i) => knownHost(settings, i, vpsAddress(octet, i)));
  writeFileAtomic(labPaths(name).knownHosts, lines.join(""), 0o644);
  giveToCaller(labPaths(name).knownHosts);
  for (const i of numbers) await waitForSshd(settings, i);
}

/** The private key is there once it is whole: the public one gets its name before. */
function ensureKey(name: string): void {
  const { key } = labPaths(name);
  if (existsSync(key)) return;
  const part = `${key}.part`;
  for (const path of [part, `${part}.pub`]) rmSync(path, { force: true });
  tool("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `vz lab ${name}`, "-f", part]);
  giveToCaller(part);
  renameSync(`${part}.pub`, `${key}.pub`);
  renameSync(part, key);
}

/** What sudo's caller goes on with is the caller's own. */
function giveToCaller(path: string): void {
  const [uid, gid] = [process.env["SUDO_UID"], process.env["SUDO_GID"]].map(Number);
  if (uid !== undefined && gid !== undefined && uid > 0 && gid >= 0) chownSync(path, uid, gid);
}

function writeFleetFile(settings: LabSettings, force: boolean): boolean {
  if (existsSync("fleet.yaml") && !force) return false;
  try {
    writeFileAtomic("fleet.yaml", fleetFile(settings), 0o644);
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

function nextSteps(settings: LabSettings, wrote: boolean): string {
  const file = wrote
    ? "fleet.yaml describes them."
    : "fleet.yaml was here already and is as it was (--force replaces it).";
  const last = settings.count > 1 ? 2 : 1;
  return `
${file} Try:
  vz lab ssh 1 ps       what runs on vps1
  vz master deploy      put vz on them
  vz lab kill ${last}         the vendor dies; vz lab boot ${last} brings it back
  vz lab down           and nothing is left
`;
}
