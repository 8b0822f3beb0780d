/** `mounts` of the types cgroup and cgroup2: what a container sees of its own cgroups. Pure; the caller mounts. */

import type { Hierarchies } from "./hierarchies.ts";
import { placesOfDirectories } from "./path.ts";

/** `to` is relative to the mount's destination, "" for the destination itself; earlier steps have made its parents. */
export type CgroupMountStep =
  | { readonly kind: "tmpfs"; readonly to: string; readonly data: string }
  /** A directory is made for it first where `to` is not "". The mount's own flags hold (ro, nosuid, nodev, noexec). */
  | {
      readonly kind: "mount";
      readonly to: string;
      readonly type: "cgroup" | "cgroup2";
      readonly source: string;
      readonly data: string;
      /** Directory to bind, with all below it, where the kernel refuses the mount; null for none. */
      readonly otherwise: string | null;
    }
  | { readonly kind: "bind"; readonly to: string; readonly from: string }
  | { readonly kind: "symlink"; readonly to: string; readonly target: string };

export interface CgroupMountRequest {
  readonly type: "cgroup" | "cgroup2";
  /** Whether the container has a cgroup namespace, which begins at its own cgroup. */
  readonly ownCgroupNamespace: boolean;
}

const lastName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/**
 * Type cgroup is version 1 where the machine has it, as with runc: a tmpfs with a directory for each hierarchy and links for
 * controllers that share one. Else, and for the type cgroup2, it is version 2.
 * After the steps the caller makes the tmpfs read-only where the mount is.
 * @param directories the container's cgroups; empty where it stays in ours, which it then sees
 * @returns no steps where there is nothing to mount: a shortfall
 */
export function planCgroupMount(
  hierarchies: Hierarchies,
  directories: readonly string[],
  { type, ownCgroupNamespace }: CgroupMountRequest,
): CgroupMountStep[] {
  const places = placesOfDirectories(hierarchies, directories);
  const seen = hierarchies.map((hierarchy) => {
    const { mountPoint, own } = hierarchy;
    const place = places.find((one) => one.mountPoint === mountPoint);
    return { ...hierarchy, from: place?.directory ?? (own === null ? null : `${mountPoint}${own}`) };
  });
  const first = type === "cgroup2" ? [] : seen.filter(({ version }) => version === 1);
  if (first.length === 0) {
    const second = seen.find(({ version }) => version === 2);
    if (second === undefined) return [];
    // without a namespace of its own a new mount shows the cgroups of the whole machine
    if (ownCgroupNamespace || second.from === null)
      return [{ kind: "mount", to: "", type: "cgroup2", source: "cgroup", data: "", otherwise: second.from }];
    return [{ kind: "bind", to: "", from: second.from }];
  }
  const steps: CgroupMountStep[] = [{ kind: "tmpfs", to: "", data: "mode=755" }];
  for (const { controllers, mountPoint, from } of first) {
    const to = lastName(mountPoint);
    const data = controllers.join(",");
    if (ownCgroupNamespace)
      steps.push({ kind: "mount", to, type: "cgroup", source: "cgroup", data, otherwise: from });
    else if (from !== null) steps.push({ kind: "bind", to, from });
    else continue;
    if (controllers.length > 1)
      for (const name of controllers)
        if (name !== to && !name.includes("=")) steps.push({ kind: "symlink", to: name, target: to });
  }
  return steps;
}
