/** What `vz lab up` is asked for. */
import type { Args, Option } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { MAX_VENDORS } from "../fleet-file.ts";
import { type Arch, isArch } from "../host/arch.ts";
import type { MachineWish, NamespaceWish, Wish } from "../host/groups.ts";
import { MAX_VPSES } from "../host/network.ts";
import { isMachineKernel, machines } from "../vm/machine.ts";
import { type Init, isInit } from "../vps/inittab.ts";
import { isKernelFloor, type Limits } from "../vps/seccomp.ts";

const DEFAULT_MEMORY = 256;
const LEAST_MEMORY = 32;
const MOST_MEMORY = 65_536;

export const wishOptions: readonly Option[] = [
  { name: "vendors", value: "K", help: "spread the VPSes over K vendors (default 2)" },
  { name: "init", value: "NAME", help: "busybox (default) or sysv" },
  { name: "mem", value: "MB", help: `memory of each VPS (default ${DEFAULT_MEMORY})` },
  {
    name: "arch",
    value: "NAME",
    help: "i386 (default where this machine's kernel runs it, and with --vm), amd64 or arm64",
  },
  { name: "vm", help: "machines by qemu, each with a kernel, a disk and memory of its own" },
  {
    name: "kernel",
    value: "VERSION",
    help:
      "2.6.32 or 3.10: every system call that it lacks answers ENOSYS. With --vm Debian's own: " +
      "6.1 (default, of Debian 12) or 5.10 (of Debian 11)",
  },
  {
    name: "openvz",
    help: "root may not mount or make namespaces, and has an OpenVZ container's capabilities",
  },
  { name: "only32", help: "a 64-bit program dies at once" },
  { name: "only64", help: "a 32-bit program dies at once" },
  { name: "force", help: "replace ./fleet.yaml" },
];

/** @param native architectures that this machine's kernel runs, the first choice first */
export function readWish(args: Args, native: readonly Arch[]): Wish {
  const [word, extra] = args.positional;
  if (extra !== undefined) throw bad(`unexpected ${JSON.stringify(extra)}`);
  const count = whole(word, "how many VPSes?", 1, MAX_VPSES);
  const asked = args.value("vendors");
  const vendors = asked === undefined ? Math.min(2, count) : whole(asked, "--vendors", 1, MAX_VENDORS);
  const init = args.value("init") ?? "busybox";
  if (!isInit(init)) throw bad(`--init ${init}: busybox or sysv`);
  const arch = args.value("arch");
  if (arch !== undefined && !isArch(arch)) throw bad(`--arch ${arch}: i386, amd64 or arm64`);
  const common = { count, vendors, init };
  return args.flag("vm") ? machineWish(args, common, arch) : namespaceWish(args, common, native, arch);
}

interface Common {
  readonly count: number;
  readonly vendors: number;
  readonly init: Init;
}

function machineWish(args: Args, common: Common, arch: Arch = "i386"): MachineWish {
  for (const name of ["openvz", "only32", "only64"]) {
    if (args.flag(name)) throw bad(`--${name}: not with --vm, where each VPS has a kernel of its own`);
  }
  const kernel = args.value("kernel") ?? "6.1";
  if (!isMachineKernel(kernel)) throw bad(`--kernel ${kernel}: with --vm 6.1 or 5.10`);
  return { kind: "vm", arch, ...common, memory: memory(args, machines[arch].leastMemory), kernel };
}

function namespaceWish(
  args: Args,
  common: Common,
  native: readonly Arch[],
  asked: Arch | undefined,
): NamespaceWish {
  const limits = readLimits(args);
  const arch = asked ?? (limits.only64 ? "amd64" : native[0]);
  if (arch === undefined || !native.includes(arch)) {
    throw new VzError(
      Status.refused,
      `vz lab up: this machine's kernel runs no ${arch ?? PROGRAMS} programs`,
      {
        hint: `vz lab up ${common.count} --vm${arch === undefined ? "" : ` --arch ${arch}`} makes machines that do`,
      },
    );
  }
  const limited = limits.openvz || limits.kernel !== null || limits.only32 || limits.only64;
  if (arch === "arm64" && limited) throw bad("--openvz, --kernel, --only32 and --only64: not for arm64");
  if (limits.only32 && arch !== "i386") throw bad(`--only32: ${arch} is not 32-bit`);
  if (limits.only64 && arch !== "amd64") throw bad(`--only64: ${arch} is not 64-bit`);
  // VZ_TEST_NO32 takes i386 away for a test: then the VPSes must not find it either.
  const only64 = arch === "amd64" && (limits.only64 || !native.includes("i386"));
  return {
    kind: "namespace",
    arch,
    ...common,
    memory: memory(args, LEAST_MEMORY),
    limits: { ...limits, only64 },
  };
}

const PROGRAMS = "i386, amd64 or arm64";

function readLimits(args: Args): Limits {
  const kernel = args.value("kernel") ?? null;
  if (kernel !== null && !isKernelFloor(kernel)) {
    throw bad(
      `--kernel ${kernel}: 2.6.32 or 3.10${isMachineKernel(kernel) ? "; with --vm it is there" : ""}`,
    );
  }
  const [only32, only64] = [args.flag("only32"), args.flag("only64")];
  if (only32 && only64) throw bad("--only32 and --only64: no program would live");
  return { openvz: args.flag("openvz"), kernel, only32, only64 };
}

function memory(args: Args, least: number): number {
  return whole(args.value("mem") ?? String(DEFAULT_MEMORY), "--mem", least, MOST_MEMORY);
}

function bad(why: string): VzError {
  return new VzError(Status.usage, `vz lab up: ${why}`, { hint: "vz help lab up" });
}

function whole(word: string | undefined, what: string, least: number, most: number): number {
  const value = /^[0-9]{1,9}$/.test(word ?? "") ? Number(word) : Number.NaN;
  if (value >= least && value <= most) return value;
  const got = word === undefined ? "" : ` ${JSON.stringify(word)}:`;
  throw bad(`${what}${got} a number from ${least} to ${most}`);
}
