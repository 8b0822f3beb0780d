/** Asks this machine all that `vz probe` tells. It leaves nothing behind. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import * as sys from "vz:sys";
import { DATA_DIR } from "../../common/contract/paths.ts";
import { detectInit } from "../supervise/init-kind.ts";
import { runnableArchitectures } from "./architectures.ts";
import { findControllers } from "./cgroup-controllers.ts";
import { parseMemory } from "./facts.ts";
import { type Refusal, tryCalls, tryDeviceNode, tryMounts, tryNamespaces } from "./kernel-grants.ts";
import { grantsOf, missingCapabilities, type Probe } from "./report.ts";

/** Where containers would lie; else the nearest that can be written. */
const PLACES = [DATA_DIR, "/var/lib", "/tmp"];

/** Gives `work` an empty directory, or null where none can be made, and removes it. */
function withScratch<T>(work: (directory: string | null) => T): T {
  for (const place of PLACES) {
    const directory = `${place}/.vz-probe-${sys.getpid()}`;
    try {
      mkdirSync(directory, 0o700);
    } catch {
      continue;
    }
    try {
      return work(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  return work(null);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function named(kind: string, refusals: Readonly<Record<string, Refusal>>): Record<string, Refusal> {
  return Object.fromEntries(Object.entries(refusals).map(([name, why]) => [`${kind} ${name}`, why]));
}

function refusals(scratch: string | null): Record<string, Refusal> {
  return {
    ...named("namespace", tryNamespaces()),
    ...named("mount", tryMounts(scratch)),
    ...tryCalls(),
    mknod: scratch === null ? "no directory to try it in" : tryDeviceNode(scratch),
  };
}

function disk(): Probe["disk"] {
  const path = PLACES.find((place) => existsSync(place)) ?? "/";
  const { bsize, blocks, bavail } = sys.statfs(path);
  return { path, total: bsize * blocks, available: bsize * bavail };
}

function architectures(scratch: string): Probe["architectures"] {
  try {
    return runnableArchitectures(scratch);
  } catch {
    return [];
  }
}

/** Number of the last capability before the kernel tells it: CAP_MAC_ADMIN, of 2.6.25. */
const LAST_CAPABILITY = 33;

export function probeMachine(): Probe {
  const { release, machine } = sys.uname();
  const last = Number.parseInt(textOf("/proc/sys/kernel/cap_last_cap"), 10);
  return withScratch((scratch) => ({
    kernel: release,
    machine,
    architectures: scratch === null ? [] : architectures(scratch),
    uid: sys.geteuid(),
    missingCapabilities: missingCapabilities(
      sys.capget().effective,
      Number.isNaN(last) ? LAST_CAPABILITY : last,
    ),
    init: detectInit(),
    grants: grantsOf(refusals(scratch)),
    cgroup: findControllers(),
    memory: parseMemory(textOf("/proc/meminfo")),
    disk: disk(),
    openvz: existsSync("/proc/user_beancounters"),
  }));
}
