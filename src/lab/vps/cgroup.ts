/**
 * Control groups of a lab, v1 and v2: one for its runners, so that whoever ends the group of the shell that ran `vz lab up` does not
 * end the lab, and one for each VPS with its limits. All lie at the root of their hierarchies.
 * Sources: Documentation/admin-guide/cgroup-v1/{memory,devices}.rst, cgroup-v2.rst.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCode } from "../../common/errors.ts";

/** Where the hierarchies that matter here are mounted. */
export interface Hierarchies {
  readonly memory?: string;
  readonly devices?: string;
  /** systemd's own under v1: systemd may end all processes of a group in it. */
  readonly systemd?: string;
  readonly unified?: string;
}

/** Reads /proc/self/mountinfo. */
export function parseHierarchies(mountinfo: string): Hierarchies {
  const found: { -readonly [K in keyof Hierarchies]: Hierarchies[K] } = {};
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const directory = left.split(" ")[4] ?? "";
    const [type, , options = ""] = right.split(" ");
    if (type === "cgroup2") found.unified ??= directory;
    if (type !== "cgroup") continue;
    const names = options.split(",");
    if (names.includes("memory")) found.memory ??= directory;
    if (names.includes("devices")) found.devices ??= directory;
    if (names.includes("name=systemd")) found.systemd ??= directory;
  }
  return found;
}

function hierarchies(): Hierarchies {
  return parseHierarchies(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** "@" stands in no lab's name. */
export function runnerGroup(lab: string): string {
  return `vz-lab@${lab}`;
}

export function vpsGroup(lab: string, i: number): string {
  return `${runnerGroup(lab)}@vps${i}`;
}

/** null zero full random urandom tty console ptmx and pseudo-terminals, to use; any other only to make. */
const DEVICES = ["c *:* m", "b *:* m", "c 1:3 rw", "c 1:5 rw", "c 1:7 rw", "c 1:8 rw", "c 1:9 rw"];
const TERMINALS = ["c 5:0 rw", "c 5:1 rw", "c 5:2 rw", "c 136:* rw"];

export interface Held {
  readonly memory: boolean;
  readonly devices: boolean;
}

/** Makes the group of a VPS with its limits; tells which of them this machine can hold. */
export function limitVps(group: string, bytes: number): Held {
  const { memory, devices, unified } = hierarchies();
  const held =
    memory === undefined ? limitMemoryV2(unified, group, bytes) : limitMemoryV1(memory, group, bytes);
  return { memory: held, devices: limitDevices(devices, group) };
}

function limitMemoryV1(root: string, group: string, bytes: number): boolean {
  const dir = `${root}/${group}`;
  return attempt(() => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(`${dir}/memory.limit_in_bytes`, String(bytes));
    const withSwap = `${dir}/memory.memsw.limit_in_bytes`;
    if (existsSync(withSwap)) writeFileSync(withSwap, String(bytes));
  });
}

function limitMemoryV2(root: string | undefined, group: string, bytes: number): boolean {
  if (root === undefined) return false;
  const dir = `${root}/${group}`;
  return attempt(() => {
    if (!readFileSync(`${root}/cgroup.subtree_control`, "utf8").split(/\s+/).includes("memory"))
      writeFileSync(`${root}/cgroup.subtree_control`, "+memory");
    mkdirSync(dir, { recursive: true });
    writeFileSync(`${dir}/memory.max`, String(bytes));
    const swap = `${dir}/memory.swap.max`;
    if (existsSync(swap)) writeFileSync(swap, "0");
  });
}

function limitDevices(root: string | undefined, group: string): boolean {
  if (root === undefined) return false;
  const dir = `${root}/${group}`;
  return attempt(() => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(`${dir}/devices.deny`, "a");
    for (const rule of [...DEVICES, ...TERMINALS]) writeFileSync(`${dir}/devices.allow`, rule);
  });
}

/** Moves a process to a group of every hierarchy; where that is forbidden it stays. */
export function enterGroup(group: string, pid: number): void {
  for (const root of Object.values(hierarchies())) {
    attempt(() => {
      mkdirSync(`${root}/${group}`, { recursive: true });
      writeFileSync(`${root}/${group}/cgroup.procs`, String(pid));
    });
  }
}

/** Removes the groups of a lab, whose processes have ended; a group takes a moment to notice that. */
export async function removeGroups(lab: string): Promise<void> {
  const mine = (name: string) => name === runnerGroup(lab) || /^vps[0-9]+$/.test(afterPrefix(name, lab));
  const dirs = Object.values(hierarchies()).flatMap((root: string) =>
    readdirSync(root)
      .filter(mine)
      .map((name) => `${root}/${name}`),
  );
  for (const dir of dirs) {
    for (let tries = 0; tries < 100 && !attempt(() => rmdirSync(dir), "ENOENT"); tries++) await sleep(20);
  }
}

function afterPrefix(name: string, lab: string): string {
  const prefix = `${runnerGroup(lab)}@`;
  return name.startsWith(prefix) ? name.slice(prefix.length) : "";
}

const FORBIDDEN = ["EROFS", "EACCES", "EPERM", "ENOENT", "EINVAL", "EBUSY", "ENOTSUP", "EOPNOTSUPP", "ESRCH"];

/** Whether `work` went through; `fine` is the code of an error that counts as success. */
function attempt(work: () => void, fine?: string): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (fine !== undefined && hasCode(error, fine)) return true;
    if (hasCode(error, ...FORBIDDEN)) return false;
    throw error;
  }
}
