/** Directory trees of containers, and what may be mounted in them. */

import { renameSync } from "node:fs";
import * as sys from "vz:sys";
import { Status, VzError } from "../../common/errors.ts";
import { exists } from "../system/exists.ts";
import { readTextIfAny } from "../system/files.ts";
import { asideOf, placesOf } from "./places.ts";
import { removeFolder } from "./remove-tree.ts";

/**
 * Removes a bundle with all that lies in it. Where there are no mount namespaces a container's volumes are mounted below
 * its root for all to see, and removing the tree would empty them: so all that is mounted in it is unmounted first.
 * @throws VzError 71 when something stays mounted; then nothing is removed
 */
function removeTree(directory: string): void {
  for (const point of mountsBelow(mountTable(), directory).reverse()) {
    sys.umount(point, sys.constants.MNT_DETACH);
  }
  const [left] = mountsBelow(mountTable(), directory);
  if (left !== undefined) throw new VzError(Status.osError, `${left}: is mounted and stays so`);
  const cut = directory.lastIndexOf("/");
  removeFolder(directory.slice(0, cut), directory.slice(cut + 1));
}

/** The machine's mount table; names in it may hold any bytes. */
function mountTable(): string {
  return readTextIfAny("/proc/self/mounts") ?? "";
}

/** Mount points at or below `directory`, in the order in which they were mounted. */
export function mountsBelow(mounts: string, directory: string): string[] {
  return mounts
    .split("\n")
    .map((line) =>
      (line.split(" ")[1] ?? "").replace(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    )
    .filter((point) => point === directory || point.startsWith(`${directory}/`));
}

/**
 * Puts right what a killed call left of container `name`: a bundle that was set aside and not replaced comes back, all
 * else goes. Under the container's lock.
 */
export function repair(name: string): void {
  const last = asideOf(name, "last");
  const bundle = placesOf(name).bundle;
  if (exists(last)) {
    if (exists(bundle)) removeTree(last);
    else renameSync(last, bundle);
  }
  for (const role of ["next", "gone"] as const) {
    const aside = asideOf(name, role);
    if (exists(aside)) removeTree(aside);
  }
}
