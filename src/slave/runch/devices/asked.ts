/** `linux.devices` of config.json. */
import { badConfig as bad, type OciDevice } from "../../../common/oci/oci.ts";
import { lookup, S_IFBLK, S_IFCHR, S_IFIFO } from "../../system/linux.ts";
import type { DeviceStep } from "../model.ts";

const DEVICE_TYPES: Readonly<Record<string, number>> = { c: S_IFCHR, u: S_IFCHR, b: S_IFBLK, p: S_IFIFO };

/** @throws VzError 78 */
export function planAskedDevices(asked: readonly OciDevice[]): DeviceStep[] {
  return asked.map((device, i): DeviceStep => {
    const type = lookup(DEVICE_TYPES, device.type);
    const at = `linux.devices[${i}]`;
    if (type === undefined) throw bad(at, `${JSON.stringify(device.type)} is no type of device`);
    if (!device.path.startsWith("/")) throw bad(at, "not an absolute path");
    const { major, minor } = device;
    if (type !== S_IFIFO && (major === undefined || minor === undefined))
      throw bad(at, "without major or minor");
    return {
      path: device.path,
      mode: type | ((device.fileMode ?? 0o666) & 0o7777),
      major: major ?? 0,
      minor: minor ?? 0,
      uid: device.uid ?? 0,
      gid: device.gid ?? 0,
      usual: false,
    };
  });
}
