/** Namespaces, and the change of the root directory. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../common/errors.ts";
import { attempt } from "./failure.ts";
import { lookup, NAMESPACES } from "./linux.ts";
import { isRefusal } from "./mounts.ts";
import type { Plan } from "./plan.ts";
import type { Shortfalls } from "./shortfalls.ts";

const { O_RDONLY = 0, MNT_DETACH = 0, MS_MOVE = 0 } = sys.constants;

function bit(type: string): number {
  return lookup(NAMESPACES, type) ?? 0;
}

/** The kernel has no such namespace, or not for us. */
function isRefused(error: unknown): boolean {
  return isRefusal(error) || hasCode(error, "EINVAL");
}

/** All at once; where that is refused one by one, so that what is granted is had. */
function unshare(types: readonly string[], short: Shortfalls): string[] {
  const all = types.reduce((bits, type) => bits | bit(type), 0);
  if (all === 0) return [];
  try {
    sys.unshare(all);
    return [...types];
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
  return types.filter((type) => {
    try {
      sys.unshare(bit(type));
      return true;
    } catch (error) {
      if (!isRefused(error)) throw error;
      short.add(`${type} namespace`, reason(error));
      return false;
    }
  });
}

function join(plan: Plan): void {
  // all are opened before the first is entered: a mount namespace changes what the other paths mean
  const open = plan.joins.map(({ type, path }) => {
    let fd = -1;
    attempt(`${type} namespace ${path}`, () => {
      fd = sys.open(path, O_RDONLY);
    });
    return { type, path, fd };
  });
  for (const { type, path, fd } of open) {
    attempt(`${type} namespace ${path}`, () => sys.setns(fd, bit(type)));
    sys.close(fd);
  }
}

/**
 * Enters the namespaces of `joins`, and makes those of `namespaces` but "pid".
 * @returns whether the mount namespace is the container's own
 */
export function enterNamespaces(plan: Plan, short: Shortfalls): boolean {
  join(plan);
  const types = plan.namespaces.filter((type) => type !== "pid");
  const made = unshare(types, short);
  let own = made.includes("mount");
  if (own) {
    try {
      sys.mount(null, "/", null, plan.propagation, null);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // without it our mounts may show outside, so the namespace does not count as our own
      own = false;
      short.add("mounts of its own", reason(error));
    }
  }
  if (own) sys.mount(plan.rootfs, plan.rootfs, null, 0x5000, null);
  if (plan.hostname !== undefined) {
    if (made.includes("uts") || plan.joins.some(({ type }) => type === "uts")) sys.sethostname(plan.hostname);
    else short.add("hostname", "it needs a uts namespace");
  }
  return own;
}

/**
 * Makes `rootfs` the root. In a mount namespace of our own the machine's mounts go away; otherwise it is chroot(2) alone.
 */
export function changeRoot(rootfs: string, own: boolean): void {
  sys.chdir(rootfs);
  if (!own) {
    sys.chroot(".");
  } else {
    try {
      // the old root lands on top of the new one, from where it is taken away (pivot_root(2), NOTES)
      sys.pivotRoot(".", ".");
      sys.umount(".", MNT_DETACH);
    } catch (error) {
      // an initramfs cannot be pivoted away from
      if (!hasCode(error, "EINVAL", "EPERM", "ENOSYS")) throw error;
      sys.mount(".", "/", null, MS_MOVE, null);
      sys.chroot(".");
    }
  }
  sys.chdir("/");
}
