/** Device nodes that a container gets: the usual ones, and those of `linux.devices`. */
import { badConfig as bad, type OciDevice } from "../../common/oci.ts";
import { lookup, S_IFBLK, S_IFCHR, S_IFIFO } from "./linux.ts";

export interface DeviceStep {
  readonly path: string;
  /** S_IFCHR, S_IFBLK or S_IFIFO, and the permissions. */
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
  readonly uid: number;
  readonly gid: number;
  /** Of the set that every container gets: to lack it is a shortfall and no error. */
  readonly usual: boolean;
}

/** "Default Devices" of the specification: name, minor of character device 1, or major and minor. */
const USUAL: readonly (readonly [name: string, major: number, minor: number])[] = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["full", 1, 7],
  ["random", 1, 8],
  ["urandom", 1, 9],
  ["tty", 5, 0],
];

const DEVICE_TYPES: Readonly<Record<string, number>> = { c: S_IFCHR, u: S_IFCHR, b: S_IFBLK, p: S_IFIFO };

export function planDevices(asked: readonly OciDevice[]): DeviceStep[] {
  const steps = asked.map((device, i): DeviceStep => {
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
  const usual = USUAL.filter(([name]) => !steps.some(({ path }) => path === `/dev/${name}`));
  return [
    ...usual.map(([name, major, minor]): DeviceStep => {
      return { path: `/dev/${name}`, mode: S_IFCHR | 0o666, major, minor, uid: 0, gid: 0, usual: true };
    }),
    ...steps,
  ];
}
