/** Processes of a container, found in /proc: without a namespace of their own they are anybody's children. */
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";
import { hasEnded, type ProcStat, parseProcStat } from "../../common/proc-stat.ts";
import { readTextIfAny } from "../system/files.ts";

/**
 * All processes by their root directory, be it by chroot or in a mount namespace. A path says nothing there, so the key is
 * device and inode.
 */
export class ProcessesByRoot {
  readonly #pids = new Map<string, number[]>();

  constructor() {
    for (const pid of allPids()) {
      const root = rootKey(`/proc/${pid}/root`);
      if (root === undefined) continue;
      const pids = this.#pids.get(root);
      if (pids === undefined) this.#pids.set(root, [pid]);
      else pids.push(pid);
    }
  }

  /** Processes whose root is `directory`. */
  in(directory: string): ProcStat[] {
    const root = rootKey(directory);
    // A directory that was swapped for a link may lead to the machine's own root, which is no container's.
    if (root === undefined || root === rootKey("/")) return [];
    return (this.#pids.get(root) ?? []).flatMap((pid) => read(pid) ?? []);
  }
}

function rootKey(directory: string): string | undefined {
  try {
    const { dev, ino } = sys.stat(directory);
    return `${dev}:${ino}`;
  } catch (error) {
    // ESRCH and EACCES: a process that is ending, or one of the kernel's own.
    if (hasCode(error, "ENOENT", "ENOTDIR", "ESRCH", "EACCES", "EPERM")) return undefined;
    throw error;
  }
}

/** Runners of a bundle that have not become its program yet: they wait, or make things ready. */
export function runnersOf(bundle: string): ProcStat[] {
  return allPids().flatMap((pid) => (isRunner(commandLine(pid), bundle) ? (read(pid) ?? []) : []));
}

export function isRunner(words: readonly string[], bundle: string): boolean {
  const program = (words[0] ?? "").replace(/^.*\//s, "");
  return (program === "runch" || program === "vz") && words.at(-2) === "start" && words.at(-1) === bundle;
}

function commandLine(pid: number): string[] {
  return (readTextIfAny(`/proc/${pid}/cmdline`) ?? "").split("\0").slice(0, -1);
}

/** Undefined where the process has ended. */
function read(pid: number): ProcStat | undefined {
  const stat = parseProcStat(readTextIfAny(`/proc/${pid}/stat`) ?? "");
  return stat === null || hasEnded(stat) ? undefined : stat;
}

function allPids(): number[] {
  return sys
    .readdir("/proc")
    .filter(({ name }) => /^[1-9][0-9]*$/.test(name))
    .map(({ name }) => Number(name));
}
