/** What a group of VPSes needs before there is a lab: checked first, then fetched or made where the cache lacks it. */
import { closeSync, existsSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { reason, Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { configuredRoot, unpackedRoot } from "./disk/recipe.ts";
import { ensureRootfs } from "./disk/rootfs.ts";
import type { Arch } from "./host/arch.ts";
import type { Group, MachineGroup, MachineWish, Wish } from "./host/groups.ts";
import { DISKS } from "./host/state.ts";
import { findProgram } from "./host/tool.ts";
import { chooseAccelerator } from "./vm/accelerator.ts";
import { needRoom } from "./vm/image.ts";
import { ensureKernel } from "./vm/kernel.ts";
import { machines } from "./vm/machine.ts";

/**
 * Prepares what `wish` needs, and says what the VPSes will be, and why.
 * @param native architectures that this machine's kernel runs
 * @throws VzError 71 with what is missing on this machine
 */
export function prepare(wish: Wish, native: readonly Arch[], io: Io): Group {
  if (wish.kind === "vm") return prepareMachines(wish, io);
  io.err(`vz: lab: ${wish.arch} namespaces: this machine's kernel runs ${whatRuns(native)}\n`);
  const base = ensureRootfs(io, configuredRoot(wish.arch));
  return { ...wish, base, memoryLimited: true };
}

function whatRuns(native: readonly Arch[]): string {
  return native.includes("i386")
    ? `${native.join(" and ")} programs`
    : `${native.join(" and ")} programs, no i386`;
}

function prepareMachines(wish: MachineWish, io: Io): MachineGroup {
  const { arch, kernel, count } = wish;
  for (const program of [machines[arch].qemu, "mke2fs", "dpkg-deb"]) findProgram(program);
  needTun();
  needRoom(existsSync(DISKS) ? DISKS : dirname(DISKS), count);
  const boot = ensureKernel(io, arch, kernel);
  const base = ensureRootfs(io, unpackedRoot(arch));
  const { accelerator, why } = chooseAccelerator(arch, io.env);
  const by = accelerator === "kvm" ? "KVM" : "software emulation";
  io.err(`vz: lab: ${arch} machines with Debian's kernel ${kernel}, by ${by}: ${why}\n`);
  return { ...wish, base, boot, accelerator };
}

const TUN = "/dev/net/tun";

/** A machine's link is a tap device. */
function needTun(): void {
  try {
    closeSync(openSync(TUN, "r+"));
  } catch (error) {
    throw new VzError(Status.osError, `${TUN}: ${reason(error)}, and a machine's link needs it`, {
      hint: `modprobe tun; mkdir -p /dev/net; mknod ${TUN} c 10 200`,
      cause: error,
    });
  }
}
