/** What `vz probe` found, and how it is shown: no system call here. */

import { formatBytes, table } from "../../common/command/table.ts";
import type { FactsAnswer } from "../../common/contract/protocol.ts";
import { CAPABILITIES } from "../system/linux.ts";
import type { Controllers } from "./cgroup-controllers.ts";
import type { Refusal } from "./kernel-grants.ts";

/** Whether the kernel grants something, and what runch does where it does not. */
export interface Grant {
  readonly granted: boolean;
  /** Why not; null where it is granted. */
  readonly why: Refusal;
  readonly without: string;
}

/** What `vz probe --json` prints. */
export interface Probe {
  /** uname -r */
  readonly kernel: string;
  readonly machine: string;
  /** Of programs that the kernel itself runs, found by running them: "i386", "amd64", "arm64". */
  readonly architectures: readonly string[];
  readonly uid: number;
  /** Capabilities that root has elsewhere and that we lack here. */
  readonly missingCapabilities: readonly string[];
  /** What PID 1 is, and its file. */
  readonly init: { readonly kind: FactsAnswer["init"]; readonly executable: string };
  /** By name: "namespace mount", "mount bind", "pivot_root". */
  readonly grants: Readonly<Record<string, Grant>>;
  readonly cgroup: Controllers;
  /** Bytes. */
  readonly memory: FactsAnswer["memory"];
  readonly disk: FactsAnswer["disk"] & { readonly path: string };
  /** Whether /proc/user_beancounters is there. */
  readonly openvz: boolean;
}

/** What happens where the kernel does not grant a thing, by the name of its row in the table. */
const WITHOUT: Readonly<Record<string, string>> = {
  "namespace mount": "mounts stand in the machine's table and are undone later; chroot instead of pivot_root",
  "namespace uts": "the hostname stays the machine's",
  "namespace ipc": "System V IPC and message queues are shared with the machine",
  "namespace pid": "the program sees and can signal the machine's processes",
  "namespace network": "the program uses the machine's network",
  "namespace user": "the program has the ids outside that its own are mapped to, and no capability",
  "namespace cgroup": "the program sees its place in the machine's cgroups",
  "namespace time": "the program's clocks are the machine's",
  "mount bind": "a bundle with bind mounts does not start; a read-only root stays writable",
  "mount tmpfs": "/dev and /tmp are directories of the root; masked directories stay visible",
  "mount proc": "the program has no /proc",
  pivot_root: "the root mount is moved to /, then chroot",
  chroot: "what has no mount namespace does not start, and exec does not work",
  mknod: "devices are bound from the machine's; where that is refused too, the usual ones are left out",
  no_new_privs: "set-user-id programs inside can gain rights",
  seccomp: "system calls are not filtered",
  ambient: "a program of another user than root starts without capabilities",
  openat2: "paths in the root are walked component by component",
  mount_setattr: "recursive options (rro and its like) are left out; mounts with mapped ids are refused",
};

/** @throws RangeError for a name that WITHOUT lacks, which a test would find */
export function grantsOf(refusals: Readonly<Record<string, Refusal>>): Record<string, Grant> {
  return Object.fromEntries(
    Object.entries(refusals).map(([name, why]) => {
      const without = WITHOUT[name];
      if (without === undefined) throw new RangeError(`${name}: what runch does without is not known`);
      return [name, { granted: why === null, why, without }];
    }),
  );
}

/**
 * Names of capabilities that are not in `effective`.
 * @param last number of the last one that the kernel has (/proc/sys/kernel/cap_last_cap, Linux 3.2)
 */
export function missingCapabilities(effective: bigint, last: number): string[] {
  return CAPABILITIES.slice(0, last + 1).filter((_, i) => ((effective >> BigInt(i)) & 1n) === 0n);
}

/** "all", "all but CAPABILITY, …", or how many are missing where the list would be long. */
function capabilitiesText(missing: readonly string[]): string {
  if (missing.length === 0) return "all";
  return missing.length > 8 ? `${missing.length} are missing` : `all but ${missing.join(", ")}`;
}

function cgroupText({ v1, v2 }: Controllers): string {
  const parts = [];
  if (v1.length > 0) parts.push(`v1: ${v1.join(" ")}`);
  if (v2 !== null) parts.push(`v2: ${v2.join(" ") || "no controller"}`);
  return parts.join("; ") || "none";
}

type Row = readonly [what: string, here: string, without: string];

function rowsOf(probe: Probe): Row[] {
  const { memory, disk, init } = probe;
  const grants = Object.entries(probe.grants).map(
    ([name, { granted, why, without }]): Row => [name, granted ? "yes" : `no: ${why}`, without],
  );
  return [
    ["kernel", `${probe.kernel} ${probe.machine}`, ""],
    [
      "programs",
      probe.architectures.join(", ") || "none could be started",
      "an image for another architecture is refused before it is sent",
    ],
    [
      "user",
      probe.uid === 0 ? "root" : `uid ${probe.uid}`,
      "only rootless bundles run, with a user namespace",
    ],
    [
      "capabilities",
      capabilitiesText(probe.missingCapabilities),
      "what takes them is told, or refused in strict",
    ],
    [
      "init",
      `${init.kind} (${init.executable})`,
      "sysvinit and busybox keep containers running; with any other vzexec start refuses",
    ],
    ...grants,
    ["cgroups", cgroupText(probe.cgroup), "no limit of linux.resources holds, and nothing can be paused"],
    ["memory", `${formatBytes(memory.total)}, ${formatBytes(memory.available)} free`, ""],
    ["disk", `${formatBytes(disk.total)}, ${formatBytes(disk.available)} free at ${disk.path}`, ""],
    ["OpenVZ", probe.openvz ? "yes" : "no", ""],
  ];
}

/** @param columns width of the terminal; undefined for no limit */
export function probeTable(probe: Probe, columns: number | undefined): string {
  return table(["WHAT", "HERE", "WITHOUT IT"], rowsOf(probe), columns);
}
