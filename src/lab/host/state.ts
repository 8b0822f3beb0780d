/** Where a lab keeps what it knows: names of files, and its settings. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { checkName } from "../../common/contract/names.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { type Group, total } from "./groups.ts";

export interface LabSettings {
  readonly name: string;
  /** Third octet of the lab's addresses. */
  readonly octet: number;
  /** The VPSes, in the order of their numbers. */
  readonly groups: readonly Group[];
}

/** State of running labs; gone after a boot. */
export const RUN = "/run/vz-lab";
/** What VPSes have written: not in RUN, which may be in RAM. */
export const DISKS = "/var/lib/vz-lab";

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
  /** File with the runner's pid. */
  readonly runner: string;
  /** File with the pid of PID 1, or of qemu, as the host sees it. */
  readonly init: string;
  /** Exists while the link is cut. */
  readonly cut: string;
  readonly console: string;
  /** The runner's own messages. */
  readonly log: string;
  readonly mount: string;
  readonly batch: string;
  readonly meminfo: string;
  readonly disk: string;
  /** The disk's own files, which lie over the shared root filesystem. */
  readonly upper: string;
  /** A machine's disk, and what its kernel starts with. */
  readonly image: string;
  readonly initramfs: string;
}

export function vpsPaths(name: string, i: number): VpsPaths {
  const dir = `${RUN}/${name}/vps${i}`;
  const disk = `${DISKS}/${name}/vps${i}`;
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
    disk,
    upper: `${disk}/upper`,
    image: `${disk}/disk.img`,
    initramfs: `${disk}/initramfs`,
  };
}

/** Directory of what all labs of a user share. */
export function cacheDir(env: Io["env"]): string {
  const cache = env["XDG_CACHE_HOME"];
  return `${cache?.startsWith("/") ? cache : `${homedir()}/.cache`}/vz/lab`;
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
  const settings = JSON.parse(text) as LabSettings;
  if (Array.isArray(settings.groups)) return settings;
  throw new VzError(Status.badData, `lab ${name}: was brought up by an older vz`, {
    hint: "vz lab down first",
  });
}

/** Whether the lab is up, or half up. */
export function hasSettings(name: string): boolean {
  return existsSync(labPaths(name).settings);
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
  const count = total(settings.groups);
  if (match !== null && i <= count) return i;
  const what = word === undefined ? "which VPS?" : `${JSON.stringify(word)}: no such VPS`;
  throw new VzError(Status.usage, `lab ${settings.name}: ${what}`, {
    hint: count === 1 ? "it has vps1 only" : `it has vps1 to vps${count}`,
  });
}

/** Numbers of the VPSes that have left files, even where lab.json is gone. */
export function vpsesOf(name: string): number[] {
  const { dir, disks } = labPaths(name);
  const numbers = [...list(dir), ...list(disks)].map((entry) => /^vps([0-9]+)/.exec(entry)?.[1]);
  return [...new Set(numbers.filter((number) => number !== undefined).map(Number))].sort((a, b) => a - b);
}

/** Removes all files of a lab whose VPSes have ended, except its lock; first lab.json, which `up` goes by. */
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
