/** Namespaces that unshare(2) makes, and the change of the root directory. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import { isMountRefused, isNamespaceRefused } from "../../system/failure.ts";
import { lookup, MS, NAMESPACES } from "../../system/linux.ts";
import type { Plan } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";
import defer * as movedRoot from "./moved-root.ts";
import defer * as utsNames from "./uts-names.ts";

const { MNT_DETACH } = sys.constants;

/** Makes all at once; where that is refused, one by one, to have at least those that are granted. @returns types that were made */
function unshare(types: readonly string[], short: Shortfalls): readonly string[] {
  let all = 0;
  for (const type of types) all |= lookup(NAMESPACES, type) ?? 0;
  if (all === 0) return [];
  try {
    sys.unshare(all);
    return types;
  } catch (error) {
    if (!isNamespaceRefused(error)) throw error;
  }
  return unshareSingly(types, short);
}

/** Types that are made elsewhere: by clone(2), or by the part of join.ts. */
const MADE_ELSEWHERE = ["pid", "user", "time"];

/**
 * Propagation of all mounts while the container is made: a shared mount cannot become the root, and whatever is done to it, even
 * its removal, would be done to the machine's too. So this holds for all mounts; `plan.propagation` is for the root alone.
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

/** Makes the namespaces of `plan.namespaces`. @param entered types of namespaces that this process has entered */
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
      if (!isMountRefused(error)) throw error;
      // without it our mounts may show outside, so the namespace does not count as our own
      own = false;
      short.add("mounts of its own", reason(error));
    }
  }
  if (own) sys.mount(plan.rootfs, plan.rootfs, null, MS.BIND | MS.REC, null);
  if (made.includes("network")) sys.bringUp("lo");
  const types = [...made, ...entered];
  if (plan.hostname !== undefined || plan.domainname !== undefined)
    utsNames.setUtsNames(plan, types.includes("uts"), short);
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
 * Makes `rootfs` the root. In a mount namespace of our own the machine's mounts go away; otherwise it is chroot(2) alone.
 */
export function changeRoot(plan: Plan, own: boolean, pivot: boolean): void {
  sys.chdir(plan.rootfs);
  if (!own) sys.chroot(".");
  else if (!pivot || !pivotRoot()) movedRoot.moveRoot();
  if (own && plan.propagation !== firstPropagation(plan)) sys.mount(null, "/", null, plan.propagation, null);
  sys.chdir("/");
}

/** One by one, where the kernel refuses to make all at once. @returns types of those that were made */
function unshareSingly(types: readonly string[], short: Shortfalls): readonly string[] {
  return types.filter((type) => {
    try {
      sys.unshare(lookup(NAMESPACES, type) ?? 0);
      return true;
    } catch (error) {
      if (!isNamespaceRefused(error)) throw error;
      short.add(`${type} namespace`, reason(error));
      return false;
    }
  });
}
