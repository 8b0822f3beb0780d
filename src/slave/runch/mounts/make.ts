/** Mounts of a container: made before the root is changed, with every target opened inside of its root filesystem. */
import * as sys from "vz:sys";
import { hasCode, isVzError, reason } from "../../../common/errors.ts";
import { failed, failure, isMountRefused } from "../../system/failure.ts";
import { MS, S_IFDIR, S_IFLNK, S_IFMT } from "../../system/linux.ts";
import type { Missing, MountExtras, MountStep, Plan } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { bind, remount, within } from "./inside.ts";
import defer * as protectedPaths from "./protect.ts";

/** Such a mount becomes read-only when all that lies in it is there: mounts below, and the devices of /dev. */
function isLateReadOnly({ type, flags }: MountStep): boolean {
  return type === "tmpfs" && (flags & MS.RDONLY) !== 0 && (flags & MS.REMOUNT) === 0;
}

/**
 * A link there would put /proc or /sys where maskedPaths and readonlyPaths do not look.
 * @throws VzError 125
 */
function refuseLink(root: number, { at, destination }: MountStep): void {
  const end = destination.replace(/\/+$/, "");
  const slash = end.lastIndexOf("/");
  within(root, end.slice(0, slash + 1), "nothing", (place) => {
    try {
      if ((sys.lstat(`${place}/${end.slice(slash + 1)}`).mode & S_IFMT) !== S_IFLNK) return;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return;
      throw error;
    }
    throw failure(`${at}: is a link in the root filesystem`);
  });
}

/** @returns whether it is there */
function mountOne(step: MountStep, root: number, extras: MountExtras | null, short: Shortfalls): boolean {
  const isBind = step.type === "bind" && (step.flags & MS.REMOUNT) === 0;
  let missing: Missing = "directory";
  if (isBind && !extras?.replaces(step)) {
    try {
      if ((sys.stat(step.source).mode & S_IFMT) !== S_IFDIR) missing = "file";
    } catch (error) {
      throw failed(`${step.at}: source ${step.source}`, error);
    }
  }
  try {
    const { destination } = step;
    if (extras?.replaces(step)) {
      if (!extras.mount(step, root, short)) return false;
    } else if (isBind) {
      bind(step.source, root, destination, missing, step.flags);
    } else {
      if (step.type === "proc" || step.type === "sysfs") refuseLink(root, step);
      const data = step.data === "" ? null : step.data;
      const flags = isLateReadOnly(step) ? step.flags & ~MS.RDONLY : step.flags;
      within(root, destination, missing, (place) => {
        sys.mount(step.source, place, step.type, flags, data);
      });
    }
    for (const flags of step.propagation) {
      within(root, destination, "nothing", (place) => sys.mount(null, place, null, flags, null));
    }
    if (step.extended.length > 0) extras?.finish(step, root, short);
    return true;
  } catch (error) {
    tellFailure(step, isBind, error, short);
    return false;
  }
}

/**
 * Makes the mounts of config.json in their order.
 * @param root descriptor of the root filesystem
 * @returns those that protectPaths has to make read-only
 */
export function makeMounts(
  plan: Plan,
  root: number,
  extras: MountExtras | null,
  short: Shortfalls,
): readonly MountStep[] {
  return plan.mounts.filter((step) => mountOne(step, root, extras, short) && isLateReadOnly(step));
}

/**
 * Hides `maskedPaths`, and makes `readonlyPaths` and the root read-only. Paths that do not exist are skipped.
 * @param own whether this is a mount namespace of the container's own
 * @param late what makeMounts left for this
 */
export function protectPaths(
  plan: Plan,
  root: number,
  own: boolean,
  late: readonly MountStep[],
  short: Shortfalls,
): void {
  if (late.length > 0 || plan.maskedPaths.length > 0 || plan.readonlyPaths.length > 0)
    protectedPaths.protect(plan, root, late, short);
  if (!plan.readonlyRoot) return;
  const { rootfs } = plan;
  try {
    if (!own) sys.mount(rootfs, rootfs, null, MS.BIND | MS.REC, null);
    remount(rootfs, MS.RDONLY);
  } catch (error) {
    if (!isMountRefused(error)) throw failed("root.readonly", error);
    short.add("root.readonly", reason(error));
  }
}

/** Tells what falls short where the kernel refuses mounts. @throws VzError 125 for all else */
function tellFailure(step: MountStep, isBind: boolean, error: unknown, short: Shortfalls): void {
  if (isVzError(error)) throw error;
  if (isBind && isMountRefused(error)) {
    // not done without: the program would write its data to some other place
    throw failed(step.at, error, "this kernel refuses mounts here; the bundle has to do without this one");
  }
  if (!isMountRefused(error)) throw failed(step.at, error);
  short.add(step.at, reason(error));
}
