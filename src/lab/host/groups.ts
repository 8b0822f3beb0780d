/** The VPSes of a lab come in groups: what one `vz lab up` has asked for. A lab may hold namespaces and machines side by side. */

import type { Accelerator } from "../vm/accelerator.ts";
import type { MachineKernel } from "../vm/machine.ts";
import type { Init } from "../vps/inittab.ts";
import type { Limits } from "../vps/seccomp.ts";
import type { Arch } from "./arch.ts";

interface Common {
  readonly arch: Arch;
  /** How many VPSes. */
  readonly count: number;
  readonly vendors: number;
  readonly init: Init;
  /** Megabytes of memory of each VPS. */
  readonly memory: number;
}

/** What the command line asks for. */
export type NamespaceWish = Common & { readonly kind: "namespace"; readonly limits: Limits };
export type MachineWish = Common & { readonly kind: "vm"; readonly kernel: MachineKernel };
export type Wish = NamespaceWish | MachineWish;

interface Made {
  /** Root filesystem that all its VPSes share and none changes. */
  readonly base: string;
}

/** Processes of this machine's own kernel, in namespaces of their own. */
export type NamespaceGroup = NamespaceWish &
  Made & {
    /** Whether a cgroup holds each VPS to its memory. */
    readonly memoryLimited: boolean;
  };

/** Machines with a kernel of their own, by qemu. */
export type MachineGroup = MachineWish &
  Made & {
    readonly accelerator: Accelerator;
    /** The cached directory of their kernel. */
    readonly boot: string;
  };

export type Group = NamespaceGroup | MachineGroup;

/** How many VPSes there are. */
export function total(groups: readonly Pick<Group, "count">[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** The group of VPS `i` (from 1). @throws RangeError when the lab has no such VPS */
export function groupOf(groups: readonly Group[], i: number): Group {
  let last = 0;
  for (const group of groups) {
    last += group.count;
    if (i <= last) return group;
  }
  throw new RangeError(`vps${i}: not one of ${last}`);
}

/** Numbers of the VPSes of `group`, which is one of `groups`. */
export function numbersOf(groups: readonly Group[], group: Group): number[] {
  const before = total(groups.slice(0, groups.indexOf(group)));
  return Array.from({ length: group.count }, (_, at) => before + at + 1);
}

/** All numbers with their groups. */
export function numbered(groups: readonly Group[]): [i: number, group: Group][] {
  return groups.flatMap((group) => numbersOf(groups, group).map((i): [number, Group] => [i, group]));
}

/** What tells kinds of VPSes, and so groups, apart: everything but their number, memory, vendors and init. */
function kindOf(wish: Wish): string {
  const { kind, arch } = wish;
  if (kind === "vm") return JSON.stringify([kind, arch, wish.kernel]);
  const { openvz, kernel, only32, only64 } = wish.limits;
  return JSON.stringify([kind, arch, openvz, kernel, only32, only64]);
}

/** The group of the wish's kind; undefined where there is none. */
export function groupOfKind(groups: readonly Group[], wish: Wish): Group | undefined {
  return groups.find((group) => kindOf(group) === kindOf(wish));
}

/** Whether a group of the wish's kind matches the wish in all else. */
export function fits(group: Group, wish: Wish): boolean {
  return (["count", "vendors", "init", "memory"] as const).every((key) => group[key] === wish[key]);
}
