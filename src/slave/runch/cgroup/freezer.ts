/** Pausing the processes of a container (freezer-subsystem.rst of version 1, cgroup.freeze of version 2, Linux 5.2). */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { failed, failure } from "../../system/failure.ts";
import { keyed, readControl, writeControl } from "./control-files.ts";
import { findHierarchies } from "./hierarchies.ts";
import { cgroupTree } from "./tree.ts";

/** Milliseconds until a freeze is given up, and between two looks. */
const PATIENCE = 5000;
const PAUSE = 10;

interface Freezer {
  readonly file: string;
  readonly words: Readonly<Record<"on" | "off", string>>;
  /** Whether to repeat the order: a freeze can fail half-way when a process forks (version 1). */
  readonly again: boolean;
  isFrozen(): boolean;
}

/** Version 1 where it has the controller: in a machine with both versions processes obey both. */
function freezerOf(directories: readonly string[]): Freezer | null {
  for (const directory of directories) {
    const file = `${directory}/freezer.state`;
    if (readControl(file) === null) continue;
    const isFrozen = () => readControl(file) === "FROZEN";
    return { file, words: { on: "FROZEN", off: "THAWED" }, again: true, isFrozen };
  }
  for (const directory of directories) {
    const file = `${directory}/cgroup.freeze`;
    if (readControl(file) === null) continue;
    const isFrozen = () => keyed(readControl(`${directory}/cgroup.events`)).get("frozen") === "1";
    return { file, words: { on: "1", off: "0" }, again: false, isFrozen };
  }
  return null;
}

export function isFrozen(directories: readonly string[]): boolean {
  return freezerOf(directories)?.isFrozen() ?? false;
}

/** Whether a cgroup and those below it hold no other processes. One that our pid namespace does not see reads as 0. */
function holdsOnly(directory: string, pids: readonly number[]): boolean {
  return cgroupTree(directory).every((one) => {
    const lines = (readControl(`${one}/cgroup.procs`) ?? "0").split("\n");
    return lines.every((line) => line === "" || pids.includes(Number(line)));
  });
}

/**
 * Thaws a process of a container that somebody has frozen in a cgroup that is not the container's: in version 1 a frozen process
 * cannot even be killed. Only where that cgroup holds none but the container's processes; cgroups above it stay frozen.
 * @param pids all of the container's
 */
export function thawProcess(pid: number, pids: readonly number[]): void {
  for (const { version, mountPoint, own } of findHierarchies(pid)) {
    const directory = `${mountPoint}${own}`;
    if (version !== 1 || own === null || readControl(`${directory}/freezer.state`) !== "FROZEN") continue;
    if (holdsOnly(directory, pids)) writeControl(`${directory}/freezer.state`, "THAWED");
  }
}

function waitFor(freezer: Freezer, wanted: boolean, order: () => void): boolean {
  for (let waited = 0; freezer.isFrozen() !== wanted; waited += PAUSE) {
    if (waited >= PATIENCE) return false;
    sys.poll([], PAUSE);
    if (freezer.again) order();
  }
  return true;
}

/**
 * Stops all processes of a container where they are, or lets them go on; returns when that is done.
 * @throws VzError 125 where there is no freezer, and when it takes longer than five seconds (a freeze is undone then)
 */
export function freeze(directories: readonly string[], on: boolean): void {
  const freezer = freezerOf(directories);
  if (freezer === null) {
    const why =
      directories.length === 0
        ? "the container has no cgroup"
        : "neither the controller freezer nor cgroup.freeze is here";
    throw failure(
      `${on ? "pause" : "resume"}: ${why}`,
      "signals STOP and CONT can be sent, but programs can tell",
    );
  }
  const order = (word: "on" | "off") => () => {
    try {
      writeControl(freezer.file, freezer.words[word]);
    } catch (error) {
      // a freeze of version 1 that has just failed is tried again
      if (!freezer.again || !hasCode(error, "EBUSY")) throw failed(on ? "pause" : "resume", error);
    }
  };
  const act = order(on ? "on" : "off");
  act();
  if (waitFor(freezer, on, act)) return;
  if (on) order("off")();
  throw failure(
    `${on ? "pause" : "resume"}: not done within ${PATIENCE / 1000} s`,
    "a process waits in the kernel",
  );
}
