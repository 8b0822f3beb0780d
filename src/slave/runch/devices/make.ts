/** Device nodes of a container: made in its root filesystem, or bound from the machine's own where mknod is refused. */
import * as sys from "vz:sys";
import { deviceNumber } from "../../../common/device-numbers.ts";
import { hasCode, isVzError, reason } from "../../../common/errors.ts";
import { failed, failure } from "../../system/failure.ts";
import { MS, S_IFDIR, S_IFIFO, S_IFMT } from "../../system/linux.ts";
import type { DeviceStep, NodePart, Plan } from "../model.ts";
import { bind, within } from "../mounts/inside.ts";
import type { Shortfalls } from "../shortfalls.ts";

const { O_WRONLY, O_CREAT, O_EXCL } = sys.constants;

/** Whether the device is at `place` already; anything else there is removed. */
function isThere(step: DeviceStep, place: string): boolean {
  const found = sys.lstat(place);
  const same = ((found.mode ^ step.mode) & S_IFMT) === 0;
  if (same && ((step.mode & S_IFMT) === S_IFIFO || found.rdev === deviceNumber(step.major, step.minor)))
    return true;
  // a file of the image gives way to a usual device; in the place of any other it is an error ("Devices", config-linux)
  if (!step.usual || (found.mode & S_IFMT) === S_IFDIR)
    throw failure(`device ${step.path}: something else is there`);
  sys.unlink(place);
  return false;
}

function makeNode(step: DeviceStep, root: number, nodes: NodePart | null, place: string): void {
  try {
    sys.mknod(place, step.mode, step.major, step.minor);
    if (step.uid !== 0 || step.gid !== 0) sys.lchown(place, step.uid, step.gid);
  } catch (error) {
    if (!hasCode(error, "EPERM")) throw error;
    bindDevice(step, root, nodes, place, error);
  }
}

const LINKS = [
  "fd",
  "/proc/self/fd",
  "stdin",
  "/proc/self/fd/0",
  "stdout",
  "/proc/self/fd/1",
  "stderr",
  "/proc/self/fd/2",
];

/**
 * Makes the nodes of `plan.devices`, and in /dev the links of the runtime specification ("Dev symbolic links") whose names
 * are free. A usual device that cannot be had is a shortfall.
 */
export function makeDevices(plan: Plan, root: number, made: NodePart | null, short: Shortfalls): void {
  const lacking: string[] = [];
  let why = "";
  for (const [directory, steps] of byDirectory(plan.devices)) {
    within(root, directory, "directory", (place) => {
      const names = sys.readdir(place).map(({ name }) => name);
      const nodes = steps.map(({ path }) => path.slice(directory.length + 1));
      for (const step of steps) {
        // the last name is not followed: a link there is replaced
        const name = step.path.slice(directory.length + 1);
        try {
          if (!names.includes(name) || !isThere(step, `${place}/${name}`))
            makeNode(step, root, made, `${place}/${name}`);
        } catch (error) {
          why = reason(error);
          if (!step.usual) throw isVzError(error) ? error : failed(`device ${step.path}`, error);
          lacking.push(step.path);
        }
      }
      if (directory !== "/dev" || lacking.length > 0) return;
      const links = plan.mounts.some(({ type }) => type === "devpts")
        ? [...LINKS, "ptmx", "pts/ptmx"]
        : LINKS;
      try {
        for (let i = 0; i < links.length; i += 2) {
          const name = links[i] ?? "";
          if (!names.includes(name) && !nodes.includes(name))
            sys.symlink(links[i + 1] ?? "", `${place}/${name}`);
        }
      } catch (error) {
        short.add("links in /dev", reason(error));
      }
    });
  }
  if (lacking.length > 0) short.add(lacking.join(" and "), why);
}

function byDirectory(steps: readonly DeviceStep[]): Map<string, DeviceStep[]> {
  const directories = new Map<string, DeviceStep[]>();
  for (const step of steps) {
    const directory = step.path.slice(0, step.path.lastIndexOf("/"));
    const known = directories.get(directory);
    if (known === undefined) directories.set(directory, [step]);
    else known.push(step);
  }
  return directories;
}

/**
 * The machine's own device, bound over an empty file.
 * @param nodes those that were made outside, for a user namespace
 * @throws `refused`, the error of mknod(2), where the bind fails too
 */
function bindDevice(
  step: DeviceStep,
  root: number,
  nodes: NodePart | null,
  place: string,
  refused: unknown,
): void {
  sys.close(sys.open(place, O_WRONLY | O_CREAT | O_EXCL, 0o666));
  try {
    if (!nodes?.place(step, root)) bind(step.path, root, step.path, "nothing", MS.BIND);
  } catch {
    // a plain file would swallow what is written to it, and be one more thing to clean up
    sys.unlink(place);
    throw refused;
  }
}
