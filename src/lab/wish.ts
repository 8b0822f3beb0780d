/** What `vz lab up` is asked for. */
import type { Args, Option } from "../common/command.ts";
import { Status, VzError } from "../common/errors.ts";
import { MAX_VENDORS } from "./fleet-file.ts";
import { isInit } from "./inittab.ts";
import { MAX_VPSES } from "./network.ts";
import { isKernelFloor } from "./seccomp.ts";
import type { LabSettings } from "./state.ts";

/** What the command line asks for. */
export type Wish = Pick<LabSettings, "count" | "vendors" | "init" | "memory" | "limits">;

const DEFAULT_MEMORY = 256;
const LEAST_MEMORY = 32;
const MOST_MEMORY = 65_536;

export const wishOptions: readonly Option[] = [
  { name: "vendors", value: "K", help: "spread the VPSes over K vendors (default 2)" },
  { name: "init", value: "NAME", help: "busybox (default) or sysv" },
  { name: "mem", value: "MB", help: `memory of each VPS (default ${DEFAULT_MEMORY})` },
  {
    name: "openvz",
    help: "root may not mount or make namespaces, and has an OpenVZ container's capabilities",
  },
  {
    name: "kernel",
    value: "VERSION",
    help: "2.6.32 or 3.10: every system call that it lacks answers ENOSYS",
  },
  { name: "only32", help: "a 64-bit program dies at once" },
  { name: "force", help: "replace ./fleet.yaml" },
];

export function readWish(args: Args): Wish {
  const [word, extra] = args.positional;
  if (extra !== undefined) throw bad(`unexpected ${JSON.stringify(extra)}`);
  const count = whole(word, "how many VPSes?", 1, MAX_VPSES);
  const asked = args.value("vendors");
  const vendors = asked === undefined ? Math.min(2, count) : whole(asked, "--vendors", 1, MAX_VENDORS);
  const memory = whole(args.value("mem") ?? String(DEFAULT_MEMORY), "--mem", LEAST_MEMORY, MOST_MEMORY);
  const init = args.value("init") ?? "busybox";
  if (!isInit(init)) throw bad(`--init ${init}: busybox or sysv`);
  const kernel = args.value("kernel") ?? null;
  if (kernel !== null && !isKernelFloor(kernel)) throw bad(`--kernel ${kernel}: 2.6.32 or 3.10`);
  const limits = { openvz: args.flag("openvz"), kernel, only32: args.flag("only32") };
  return { count, vendors, init, memory, limits };
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

/** Whether a lab that is up is what is asked for. */
export function sameWish(present: LabSettings, wish: Wish): boolean {
  const { count, vendors, init, memory, limits } = present;
  const { openvz, kernel, only32 } = limits;
  const has: Wish = { count, vendors, init, memory, limits: { openvz, kernel, only32 } };
  return JSON.stringify(has) === JSON.stringify(wish);
}
