/** Devices where mknod(2) is refused, as in a user namespace: the machine's own, bound over an empty file. */
import * as sys from "vz:sys";
import { MS } from "../../system/linux.ts";
import { bind } from "../mounts/make.ts";
import type { NodePart } from "../parts.ts";
import type { DeviceStep } from "./plan.ts";

const { O_WRONLY = 0, O_CREAT = 0, O_EXCL = 0 } = sys.constants;

/** @param nodes those that were made from outside, for a user namespace @throws `refused` where that is refused, too */
export function bindDevice(
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
