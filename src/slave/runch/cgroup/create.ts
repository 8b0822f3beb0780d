/** Making a container's cgroups. */
import * as sys from "vz:sys";
import { hasCode, isSystemError, reason } from "../../../common/errors.ts";
import { failure } from "../../system/failure.ts";
import { applyLimits } from "./apply-limits.ts";
import { attachDevices } from "./attach-devices.ts";
import { readControl, refusal, writeControl } from "./control-files.ts";
import { FIELD } from "./limits.ts";
import type { Place } from "./path.ts";
import type { CgroupPlan, Teller } from "./plan.ts";
import { processesInCgroup } from "./tree.ts";

/** Directories from the mount point, which is left out, down to the container's. */
function steps({ mountPoint, directory }: Place): string[] {
  const names = directory.slice(mountPoint.length + 1).split("/");
  return names.map((_, i) => `${mountPoint}/${names.slice(0, i + 1).join("/")}`);
}

/** @returns whether it was not there before */
function makeDirectory(path: string): boolean {
  try {
    sys.mkdir(path, 0o755);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** A new cpuset of version 1 is empty, and takes no process until it has CPUs and memory nodes. */
function inheritCpuset(above: string, directory: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if (readControl(`${directory}/${file}`) !== "") continue;
    writeControl(`${directory}/${file}`, readControl(`${above}/${file}`) ?? "");
  }
}

/**
 * Hands controllers of a cgroup (version 2) down to its children: those that limits need, and what counts memory and processes.
 * No more than these: the change is to cgroups that are not the container's, and is not undone.
 * @param reasons gets, by controller, why one cannot be handed down
 */
function handDown(directory: string, needed: ReadonlySet<string>, reasons: Map<string, string>): void {
  const words = (file: string) => (readControl(`${directory}/${file}`) ?? "").split(" ");
  const enabled = words("cgroup.subtree_control");
  const wanted = words("cgroup.controllers").filter((name) => needed.has(name) && !enabled.includes(name));
  if (wanted.length === 0) return;
  const file = `${directory}/cgroup.subtree_control`;
  try {
    writeControl(file, wanted.map((name) => `+${name}`).join(" "));
  } catch {
    // all or nothing: so each by itself
    for (const name of wanted) {
      try {
        writeControl(file, `+${name}`);
      } catch (error) {
        const why = hasCode(error, "EBUSY") ? "it has processes of its own" : refusal(error);
        if (!reasons.has(name)) reasons.set(name, `${directory} cannot hand down ${name}: ${why}`);
      }
    }
  }
}

/**
 * Refuses a cgroup that has processes: a container's cgroup is killed and removed as a whole.
 * @throws VzError 125 naming it
 */
export function refuseOccupied(directory: string): void {
  if (processesInCgroup([directory]).length === 0) return;
  throw failure(
    `linux.cgroupsPath: ${directory} has processes already`,
    "a cgroup belongs to one container, and is removed with it",
  );
}

/** @returns why controllers are missing in it, by "DIRECTORY CONTROLLER" */
function makePlace(place: Place, needed: ReadonlySet<string>): [key: string, why: string][] {
  const reasons = new Map<string, string>();
  let above = place.mountPoint;
  let isNew = false;
  for (const path of steps(place)) {
    if (place.version === 2) handDown(above, needed, reasons);
    isNew = makeDirectory(path);
    if (place.controllers.includes("cpuset") && place.version === 1) inheritCpuset(above, path);
    above = path;
  }
  if (!isNew) refuseOccupied(place.directory);
  return [...reasons].map(([name, why]) => [`${place.directory} ${name}`, why]);
}

/**
 * Makes the directories and writes the limits; the caller has written down `cgroupDirectories(plan)` before.
 * @returns the directories that could be made, for `joinCgroup`
 * @throws VzError 125 for a cgroup that others are in
 */
export function createCgroup(plan: CgroupPlan, tell: Teller): string[] {
  const made: string[] = [];
  const reasons = new Map<string, string>();
  const lost = new Map<string, string>();
  for (const place of plan.places) {
    const limits = plan.limits.filter(({ directory }) => directory === place.directory);
    const needed = new Set(["memory", "pids", ...limits.map(({ controller }) => controller)]);
    try {
      for (const [key, why] of makePlace(place, needed)) reasons.set(key, why);
      made.push(place.directory);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      lost.set(place.directory, reason(error));
    }
  }
  const [where, why] = [...lost][0] ?? ["", ""];
  if (plan.named && lost.size > 0) tell.add("linux.cgroupsPath", `${where}: ${why}`);
  const fields = new Map<string, string>();
  for (const { field, directory, free, extra } of plan.limits) {
    const because = lost.get(directory);
    if (because !== undefined && !free && !extra) fields.set(field, because);
  }
  for (const [field, because] of fields) tell.add(field, because);
  applyLimits(
    plan.limits.filter(({ directory }) => !lost.has(directory)),
    tell,
    reasons,
  );
  if (plan.devices !== null) {
    const because = lost.get(plan.devices.directory);
    if (because === undefined) attachDevices(plan.devices.directory, plan.devices.rules, tell);
    else tell.add(`${FIELD}.devices`, because);
  }
  return made;
}
