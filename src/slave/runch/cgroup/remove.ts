/** Ending what is in a container's cgroups, and removing them. */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { failed } from "../../system/failure.ts";
import { signal as send } from "../../system/signal.ts";
import { readControl, writeControl } from "./control-files.ts";
import { cgroupTree, isCgroup, processesInCgroup } from "./tree.ts";

const { SIGKILL } = sys.signals;

/** Milliseconds for processes to be gone after SIGKILL, and for the kernel to let go of their cgroups. */
const PATIENCE = 2000;

/** @returns a wait that grows from 1 to 32 ms, call by call; it gives false once PATIENCE is over */
function patience(): () => boolean {
  const end = sys.now() + PATIENCE;
  let pause = 1;
  return () => {
    if (sys.now() > end) return false;
    sys.poll([], pause);
    pause = Math.min(32, pause * 2);
    return true;
  };
}

/** Writes if the file exists; passes over a refusal, since the callers have other ways. */
function tryWrite(path: string, text: string): void {
  try {
    writeControl(path, text);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "EBUSY", "EINVAL", "EOPNOTSUPP", "ENOTSUP", "ENODEV", "EACCES", "EROFS"))
      throw error;
  }
}

/** A frozen process of version 1 ends only when it is thawed. */
function thaw(directories: readonly string[]): void {
  for (const directory of directories.flatMap(cgroupTree).reverse()) {
    const state = readControl(`${directory}/freezer.state`);
    if (state !== null && state !== "THAWED") tryWrite(`${directory}/freezer.state`, "THAWED");
  }
}

/**
 * Sends a signal to all processes in these cgroups and below them, our own process excepted.
 * @returns with SIGKILL, the pids that are still there after two seconds; else none
 */
export function killCgroup(directories: readonly string[], signal: number = SIGKILL): number[] {
  const own = sys.getpid();
  const others = () => processesInCgroup(directories).filter((pid) => pid !== own);
  if (signal !== SIGKILL) {
    for (const pid of others()) send(pid, signal);
    return [];
  }
  const known = directories.filter(isCgroup);
  // at once, so that none can get away by a fork (version 2, Linux 5.14)
  if (!processesInCgroup(known).includes(own)) for (const one of known) tryWrite(`${one}/cgroup.kill`, "1");
  const wait = patience();
  for (let pids = others(); pids.length > 0; pids = others()) {
    for (const pid of pids) send(pid, SIGKILL);
    thaw(known);
    if (!wait()) return pids;
  }
  return [];
}

/**
 * Removes cgroups, first those that the container made in them. Passes over what is gone already or is no cgroup.
 * @throws VzError 125 where one stays: there are processes in it
 */
export function removeCgroup(directories: readonly string[]): void {
  const wait = patience();
  for (const directory of directories) {
    for (let busy: unknown = null; isCgroup(directory); ) {
      try {
        for (const path of cgroupTree(directory)) sys.rmdir(path);
        break;
      } catch (error) {
        if (hasCode(error, "ENOENT", "ENODEV")) continue;
        if (!hasCode(error, "EBUSY", "ENOTEMPTY")) throw failed(`cgroup ${directory}`, error);
        busy = error;
      }
      if (!wait()) throw failed(`cgroup ${directory}`, busy, "there are still processes in it");
    }
  }
}
