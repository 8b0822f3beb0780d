/** Cgroups as the directories that they are: their sub-cgroups, and the processes in them. */
import * as sys from "vz:sys";
import { hasCode, isSystemError, reason } from "../../../common/errors.ts";
import { failed } from "../../system/failure.ts";
import { S_IFDIR, S_IFMT } from "../../system/linux.ts";
import { readControl, writeControl } from "./control-files.ts";
import type { Teller } from "./plan.ts";

/** f_type of statfs(2): CGROUP_SUPER_MAGIC and CGROUP2_SUPER_MAGIC of linux/magic.h. */
const CGROUP_TYPES: readonly number[] = [0x27e0eb, 0x63677270];

/** Whether a directory from a state file is a cgroup: asked before anything is done to it. */
export function isCgroup(directory: string): boolean {
  if (!directory.startsWith("/") || directory.split("/").includes("..")) return false;
  try {
    const isDirectory = (sys.lstat(directory).mode & S_IFMT) === S_IFDIR;
    return isDirectory && CGROUP_TYPES.includes(sys.statfs(directory).type);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

/** A cgroup and all below it, each behind those that it holds. Such a filesystem has no links. */
export function cgroupTree(directory: string): string[] {
  let entries: ReturnType<typeof sys.readdir>;
  try {
    entries = sys.readdir(directory);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENODEV")) return [];
    throw error;
  }
  const inner = entries.filter(({ type }) => type === S_IFDIR);
  return [...inner.flatMap(({ name }) => cgroupTree(`${directory}/${name}`)), directory];
}

/** Pids of one cgroup alone: in `tasks` before Linux 3.0, in `cgroup.threads` for a threaded cgroup. */
export function processesOf(directory: string): number[] {
  for (const file of ["cgroup.procs", "cgroup.threads", "tasks"]) {
    const text = readControl(`${directory}/${file}`);
    // 0: a process that our pid namespace does not see
    if (text !== null)
      return text
        .split("\n")
        .map(Number)
        .filter((pid) => pid > 0);
  }
  return [];
}

/** Pids in these cgroups and all below them, each once, sorted. */
export function processesInCgroup(directories: readonly string[]): number[] {
  const pids = directories.filter(isCgroup).flatMap(cgroupTree).flatMap(processesOf);
  return [...new Set(pids)].sort((a, b) => a - b);
}

/** `tasks` where a process cannot be moved as a whole (before Linux 3.0). */
function join(directory: string, pid: number): void {
  try {
    writeControl(`${directory}/cgroup.procs`, String(pid));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "EACCES", "EINVAL")) throw error;
    try {
      writeControl(`${directory}/tasks`, String(pid));
    } catch {
      throw error;
    }
  }
}

/** A sub-cgroup of `directory` in which `pid` is. */
function placeOf(directory: string, pid: number): string | undefined {
  return cgroupTree(directory).find((one) => one !== directory && processesOf(one).includes(pid));
}

export interface JoinOptions {
  /**
   * A process of the container. Where the container's cgroup has handed its controllers down, and so takes no processes any more
   * (version 2), the new process joins the sub-cgroup of this one.
   */
  readonly beside?: number;
  /** Takes a cgroup that cannot be joined; without it that is an error. */
  readonly tell?: Teller;
}

/**
 * Moves a process into the cgroups of a container.
 * @throws VzError 125 naming the directory
 */
export function joinCgroup(
  directories: readonly string[],
  pid: number,
  { beside, tell }: JoinOptions = {},
): void {
  for (const directory of directories) {
    try {
      join(directory, pid);
    } catch (error) {
      const inner = beside === undefined || !hasCode(error, "EBUSY") ? undefined : placeOf(directory, beside);
      if (inner !== undefined) join(inner, pid);
      else if (tell === undefined || !isSystemError(error))
        throw failed(`joining cgroup ${directory}`, error);
      else tell.add(`cgroup ${directory}`, reason(error));
    }
  }
}
