/** Where runch keeps the state of containers: ROOT/ID/state.json, see `src/common/contract/container-state.ts`. */
import * as sys from "vz:sys";
import {
  type ContainerStateFile,
  formatState,
  parseState,
  statusOf,
} from "../../../common/contract/container-state.ts";
import { Status, VzError } from "../../../common/errors.ts";
import { parseProcStat } from "../../../common/proc-stat.ts";
import { readTextIfAny } from "../../system/files.ts";
import { replaceText } from "../../system/replace-text.ts";

/** The characters of runc's ids; a first "-" would read as an option. */
export function checkId(id: string): string {
  if (/^[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,254}$/.test(id) && id !== "." && id !== "..") return id;
  throw new VzError(Status.usage, `container id ${JSON.stringify(id.slice(0, 80))}: not an id`, {
    hint: "letters, digits, '_', '+', '.' and '-', no '-' first, not '.' or '..'",
  });
}

export function stateDirectory(root: string, id: string): string {
  return `${root}/${id}`;
}

export function stateFile(root: string, id: string): string {
  return `${root}/${id}/state.json`;
}

let boot: string | undefined;

/** This boot's id, "" where the kernel has none. */
export function bootId(): string {
  if (boot === undefined) {
    try {
      boot = readTextIfAny("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
    } catch {
      boot = "";
    }
  }
  return boot;
}

/** Start time of a process in clock ticks since boot; 0 when it has ended or /proc is not there. */
export function startTime(pid: number | "self"): number {
  const text = readTextIfAny(`/proc/${pid}/stat`);
  return text === null ? 0 : (parseProcStat(text)?.starttime ?? 0);
}

/** A namespace by name ("pid:[4026531836]"); undefined where it is not shown: ended, not ours, a kernel before 3.8. */
export function namespaceOf(pid: number | "self", type: string): string | undefined {
  try {
    return sys.readlink(`/proc/${pid}/ns/${type}`);
  } catch {
    return undefined;
  }
}

/** The state of `id`, or null. A file that is just being rewritten is read again. */
export function readState(root: string, id: string): ContainerStateFile | null {
  for (let attempt = 0; attempt < 5; attempt++) {
    const text = readTextIfAny(stateFile(root, id));
    if (text === null) return null;
    const state = parseState(text);
    if (state !== null) return state;
    sys.poll([], 2);
  }
  return null;
}

/**
 * Writes the state; its directory must exist.
 * @returns a descriptor of the new file to write and close
 */
export function writeState(root: string, state: ContainerStateFile): number {
  return replaceText(stateFile(root, state.id), formatState(state), 0o600);
}

/**
 * Rewrites the state through a descriptor that was opened while its directory was in reach. It takes one write(2), never
 * shorter than the old text: a kill between two calls would leave a file that nobody can read.
 */
export function rewriteState(fd: number, state: ContainerStateFile): void {
  const bytes = sys.fsEncode(`${JSON.stringify(state).padEnd(Number(sys.fstat(fd).size) - 1)}\n`);
  sys.write(fd, bytes, 0, bytes.length, 0);
}

/** Whether the process of `state` is there: the container's, or runch's that will become it. */
export function isAlive(state: ContainerStateFile): boolean {
  if (state.pid === 0) return false;
  const status = statusOf(
    { ...state, status: "running" },
    readTextIfAny(`/proc/${state.pid}/stat`),
    bootId(),
  );
  return status === "running";
}
