/** Namespaces that unshare(2) makes, and the change of the root directory. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../common/errors.ts";
import { readTextIfAny } from "./files.ts";
import { lookup, MS, NAMESPACES } from "./linux.ts";
import { parseMountPoints } from "./mount-table.ts";
import { isRefusal } from "./mounts.ts";
import type { Plan } from "./plan.ts";
import type { Shortfalls } from "./shortfalls.ts";

const { MNT_DETACH = 0, MS_MOVE = 0 } = sys.constants;

/** The kernel has no such namespace, or not for us, or no more of them. */
function isRefused(error: unknown): boolean {
  return isRefusal(error) || hasCode(error, "EINVAL", "EUSERS", "ENOSPC");
}

/** All at once; where that is refused one by one, so that what is granted is had. */
function unshare(types: readonly string[], short: Shortfalls): readonly string[] {
  let all = 0;
  for (const type of types) all |= lookup(NAMESPACES, type) ?? 0;
  if (all === 0) return [];
  try {
    sys.unshare(all);
    return types;
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
  return types.filter((type) => {
    try {
      sys.unshare(lookup(NAMESPACES, type) ?? 0);
      return true;
    } catch (error) {
      if (!isRefused(error)) throw error;
      short.add(`${type} namespace`, reason(error));
      return false;
    }
  });
}

/** Types that are made elsewhere: by clone(2), or by the part of namespaces.ts. */
const MADE_ELSEWHERE = ["pid", "user", "time"];

/**
 * Propagation of all mounts while the container is made: a shared one could not become the root, and what is done to it, its
 * taking away at the end too, would be done to the machine's. So all of them, whatever is asked for the root alone.
 */
function firstPropagation({ propagation }: Plan): number {
  return ((propagation & MS.SLAVE) !== 0 ? MS.SLAVE : MS.PRIVATE) | MS.REC;
}

export interface Made {
  /** Types of namespaces that are not the machine's. */
  readonly types: readonly string[];
  /** Whether the mounts are the container's own. */
  readonly mounts: boolean;
}

/** Makes the namespaces of `plan.namespaces`. @param entered types of those that this process has entered */
export function makeNamespaces(plan: Plan, entered: readonly string[], short: Shortfalls): Made {
  const made = unshare(
    plan.namespaces.filter((type) => !MADE_ELSEWHERE.includes(type)),
    short,
  );
  let own = made.includes("mount");
  if (own) {
    try {
      sys.mount(null, "/", null, firstPropagation(plan), null);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // without it our mounts may show outside, so the namespace does not count as our own
      own = false;
      short.add("mounts of its own", reason(error));
    }
  }
  if (own) sys.mount(plan.rootfs, plan.rootfs, null, MS.BIND | MS.REC, null);
  if (made.includes("network")) sys.bringUp("lo");
  const types = [...made, ...entered];
  const uts = types.includes("uts");
  if (plan.hostname !== undefined) {
    if (uts) sys.sethostname(plan.hostname);
    else short.add("hostname", "it needs a uts namespace");
  }
  if (plan.domainname !== undefined) {
    if (uts) sys.setdomainname(plan.domainname);
    else short.add("domainname", "it needs a uts namespace");
  }
  return { types, mounts: own };
}

/** @returns false where it cannot be done: an initramfs cannot be pivoted away from */
function pivotRoot(): boolean {
  try {
    // the old root lands on top of the new one, from where it is taken away (pivot_root(2), NOTES)
    sys.pivotRoot(".", ".");
  } catch (error) {
    if (!hasCode(error, "EINVAL", "EPERM", "ENOSYS")) throw error;
    return false;
  }
  sys.umount(".", MNT_DETACH);
  return true;
}

/**
 * Takes the machine's own proc and sysfs away, which stay in the namespace when the root is only moved: as long as one is
 * there, whoever makes a user namespace inside may mount another, with nothing masked (user_namespaces(7)).
 */
function takeKernelFilesAway(rootfs: string): void {
  const table = readTextIfAny("/proc/self/mounts") ?? "";
  const inside = parseMountPoints(table, rootfs);
  for (const point of parseMountPoints(table, "", ["proc", "sysfs"]).reverse()) {
    if (inside.includes(point)) continue;
    try {
      sys.umount(point, MNT_DETACH);
    } catch (error) {
      // another mount is in front of it
      if (hasCode(error, "ENOENT")) continue;
      if (!hasCode(error, "EINVAL", "EPERM")) throw error;
      // locked in by a user namespace: what is covered does not count
      sys.mount("tmpfs", point, "tmpfs", 0, null);
    }
  }
}

/**
 * Makes `rootfs` the root. In a mount namespace of our own the machine's mounts go away; otherwise it is chroot(2) alone.
 */
export function changeRoot(plan: Plan, own: boolean, pivot: boolean): void {
  sys.chdir(plan.rootfs);
  if (!own) sys.chroot(".");
  else if (!pivot || !pivotRoot()) {
    takeKernelFilesAway(sys.getcwd());
    sys.mount(".", "/", null, MS_MOVE, null);
    sys.chroot(".");
  }
  if (own && plan.propagation !== firstPropagation(plan)) sys.mount(null, "/", null, plan.propagation, null);
  sys.chdir("/");
}
