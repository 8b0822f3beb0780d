/** Where a lab keeps what it knows: names of files, and its settings. */
import { readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { hasCode, Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import { checkName } from "../common/names.ts";
import type { Init } from "./inittab.ts";
import type { Limits } from "./seccomp.ts";

export interface LabSettings {
  readonly name: string;
  /** How many VPSes. */
  readonly count: number;
  readonly vendors: number;
  readonly init: Init;
  /** Megabytes of memory of each VPS. */
  readonly memory: number;
  readonly limits: Limits;
  /** Third octet of the lab's addresses. */
  readonly octet: number;
  /** Root filesystem that all share and none changes. */
  readonly base: string;
  /** Whether a cgroup holds each VPS to its memory. */
  readonly memoryLimited: boolean;
}

/** State of running labs; gone after a boot. */
export const RUN = "/run/vz-lab";
/** What VPSes have written: not in RUN, which may be in RAM. */
const DISKS = "/var/lib/vz-lab";

export interface LabPaths {
  readonly dir: string;
  readonly settings: string;
  readonly lock: string;
  /** Private key of root on every VPS; the public one has ".pub" behind it. */
  readonly key: string;
  readonly knownHosts: string;
  readonly disks: string;
}

export function labPaths(name: string): LabPaths {
  const dir = `${RUN}/${name}`;
  return {
    dir,
    settings: `${dir}/lab.json`,
    lock: `${dir}/lock`,
    key: `${dir}/key`,
    knownHosts: `${dir}/known_hosts`,
    disks: `${DISKS}/${name}`,
  };
}

export interface VpsPaths {
  readonly dir: string;
  /** Locked for as long as the VPS's runner lives. */
  readonly lock: string;
  /** The runner's process, and PID 1's as the host sees it. */
  readonly runner: string;
  readonly init: string;
  /** Exists while the link is cut. */
  readonly cut: string;
  readonly console: string;
  /** What the runner itself had to say. */
  readonly log: string;
  readonly mount: string;
  readonly batch: string;
  readonly meminfo: string;
  readonly disk: string;
}

export function vpsPaths(name: string, i: number): VpsPaths {
  const dir = `${RUN}/${name}/vps${i}`;
  return {
    dir,
    lock: `${dir}/lock`,
    runner: `${dir}/runner.pid`,
    init: `${dir}/init.pid`,
    cut: `${dir}/cut`,
    console: `${dir}/console.log`,
    log: `${dir}/runner.log`,
    mount: `${dir}/mnt`,
    batch: `${dir}/ip.batch`,
    meminfo: `${dir}/meminfo`,
    disk: `${DISKS}/${name}/vps${i}`,
  };
}

/** The lab that VZ_LAB names. */
export function labName(io: Io): string {
  return checkName("VZ_LAB", io.env["VZ_LAB"] ?? "default");
}

export function readSettings(name: string): LabSettings | undefined {
  let text: string;
  try {
    text = readFileSync(labPaths(name).settings, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  return JSON.parse(text) as LabSettings;
}

/** @throws VzError 69 when the lab is not up. */
export function needSettings(name: string): LabSettings {
  const settings = readSettings(name);
  if (settings !== undefined) return settings;
  throw new VzError(Status.unreachable, `lab ${name}: is not up`, {
    hint: "vz lab up 3 brings up three VPSes",
  });
}

/** The number of the VPS that `word` names: "2" or "vps2". */
export function vpsNumber(settings: LabSettings, word: string | undefined): number {
  const match = /^(?:vps)?([1-9][0-9]{0,2})$/.exec(word ?? "");
  const i = Number(match?.[1]);
  if (match !== null && i <= settings.count) return i;
  const what = word === undefined ? "which VPS?" : `${JSON.stringify(word)}: no such VPS`;
  throw new VzError(Status.usage, `lab ${settings.name}: ${what}`, {
    hint: settings.count === 1 ? "it has vps1 only" : `it has vps1 to vps${settings.count}`,
  });
}

/** Numbers of the VPSes of which anything is left, whether or not lab.json is. */
export function vpsesOf(name: string): number[] {
  const { dir, disks } = labPaths(name);
  const numbers = [...list(dir), ...list(disks)].map((entry) => /^vps([0-9]+)/.exec(entry)?.[1]);
  return [...new Set(numbers.filter((number) => number !== undefined).map(Number))].sort((a, b) => a - b);
}

/** Removes all files of a lab whose VPSes have ended, but its lock; the one that `up` would go by first. */
export function removeState(name: string): void {
  const { dir, disks, settings, lock } = labPaths(name);
  rmSync(settings, { force: true });
  rmSync(disks, { recursive: true, force: true });
  removeIfEmpty(DISKS);
  for (const path of list(dir).map((entry) => `${dir}/${entry}`))
    if (path !== lock) rmSync(path, { recursive: true, force: true });
}

export function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

export function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EEXIST", "EBUSY")) throw error;
  }
}
