/** `linux.cgroupsPath`: which directory of each hierarchy is the container's. */
import { badConfig } from "../../../common/oci/oci-read.ts";
import type { Hierarchies, Hierarchy } from "./hierarchies.ts";

/** A container's directory in one hierarchy. */
export interface Place {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  readonly mountPoint: string;
  /** Absolute, below `mountPoint`. */
  readonly directory: string;
}

/**
 * "/a/b" or "a/b", without the empty and "." parts that the kernel passes over.
 * @throws VzError 78 for the root of a hierarchy, for "..", and for systemd's form
 */
export function cleanCgroupsPath(path: string): string {
  const bad = (why: string) => badConfig("linux.cgroupsPath", why);
  if (/^[^/:]*:[^/:]*:[^/:]+$/.test(path))
    throw bad(
      `${JSON.stringify(path)} is a unit of systemd (slice:prefix:name), and runch makes its cgroups itself`,
    );
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw bad("leads out by ..");
  if (parts.length === 0) throw bad("the root of the hierarchy is not a container's");
  return `${path.startsWith("/") ? "/" : ""}${parts.join("/")}`;
}

/** The directory above; "" stays "". */
const parent = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/**
 * As with runc, an absolute path begins at the mount point, a relative one at our own cgroup; in version 2 at the one above our
 * own, since a cgroup with processes cannot hand controllers down.
 */
function placeIn({ own, ...hierarchy }: Hierarchy, path: string): Place | null {
  const { version, controllers, mountPoint } = hierarchy;
  const place = (directory: string) => ({ version, controllers, mountPoint, directory });
  if (path.startsWith("/")) return place(`${mountPoint}${path}`);
  if (own === null) return null;
  return place(`${mountPoint}${version === 2 ? parent(own) : own}/${path}`);
}

/** @param cgroupsPath cleaned, or undefined for `/ID` */
export function placesOf(hierarchies: Hierarchies, cgroupsPath: string | undefined, id: string): Place[] {
  const path = cgroupsPath ?? `/${id}`;
  return hierarchies.map((one) => placeIn(one, path)).filter((place) => place !== null);
}

/** The places whose directories are known, from the state of a container. */
export function placesOfDirectories(hierarchies: Hierarchies, directories: readonly string[]): Place[] {
  return directories.flatMap((directory) => {
    const inside = hierarchies.filter(({ mountPoint }) => directory.startsWith(`${mountPoint}/`));
    const [nearest] = inside.sort((a, b) => b.mountPoint.length - a.mountPoint.length);
    if (nearest === undefined) return [];
    const { version, controllers, mountPoint } = nearest;
    return [{ version, controllers, mountPoint, directory }];
  });
}
