/** Device nodes that a container gets: the usual ones, and those of `linux.devices`. */
import type { OciDevice } from "../../../common/oci/oci.ts";
import { S_IFCHR } from "../../system/linux.ts";
import type { DeviceStep } from "../model.ts";
import defer * as askedDevices from "./asked.ts";

/** "Default Devices" of the specification, all character devices: name, major, minor. */
const USUAL: readonly (readonly [name: string, major: number, minor: number])[] = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["full", 1, 7],
  ["random", 1, 8],
  ["urandom", 1, 9],
  ["tty", 5, 0],
];

export function planDevices(asked: readonly OciDevice[]): DeviceStep[] {
  const steps = asked.length > 0 ? askedDevices.planAskedDevices(asked) : [];
  const usual = USUAL.filter(([name]) => !steps.some(({ path }) => path === `/dev/${name}`));
  return [
    ...usual.map(([name, major, minor]): DeviceStep => {
      return { path: `/dev/${name}`, mode: S_IFCHR | 0o666, major, minor, uid: 0, gid: 0, usual: true };
    }),
    ...steps,
  ];
}
