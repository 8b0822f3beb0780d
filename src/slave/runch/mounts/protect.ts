/** linux.maskedPaths and linux.readonlyPaths, and the mounts that become read-only when all that lies in them is there. */
import * as sys from "vz:sys";
import { isVzError, reason } from "../../../common/errors.ts";
import { failed, isMountRefused } from "../../system/failure.ts";
import { MS } from "../../system/linux.ts";
import type { MountStep, Plan } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { remount, within } from "./inside.ts";
import { isDirectory } from "./rootfs-path.ts";

/** Does `act` for each path that exists inside; what is refused for one is refused for all. */
function each(
  field: string,
  paths: readonly string[],
  root: number,
  short: Shortfalls,
  act: (place: string, fd: number, path: string) => void,
): void {
  for (const path of paths) {
    try {
      within(root, path, "nothing", (place, fd) => act(place, fd, path));
    } catch (error) {
      if (isVzError(error)) throw error;
      if (!isMountRefused(error)) throw failed(`${field} ${path}`, error);
      short.add(field, reason(error));
      return;
    }
  }
}

/**
 * Hides `maskedPaths`, and makes `readonlyPaths` read-only. Paths that do not exist are skipped.
 * @param late mounts that become read-only now
 */
export function protect(
  { maskedPaths, readonlyPaths }: Plan,
  root: number,
  late: readonly MountStep[],
  short: Shortfalls,
): void {
  for (const { at, destination } of late)
    each(at, [destination], root, short, (place) => remount(place, MS.RDONLY));
  each("linux.maskedPaths", maskedPaths, root, short, (place, fd) => {
    if (isDirectory(fd)) sys.mount("tmpfs", place, "tmpfs", MS.RDONLY, "size=0k");
    else sys.mount("/dev/null", place, null, MS.BIND, null);
  });
  each("linux.readonlyPaths", readonlyPaths, root, short, (place, _, path) => {
    sys.mount(place, place, null, MS.BIND | MS.REC, null);
    within(root, path, "nothing", (top) => remount(top, MS.RDONLY));
  });
}
