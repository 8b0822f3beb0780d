/** Mounts on paths inside of a container's root filesystem, by descriptors that nobody can turn elsewhere. */
import * as sys from "vz:sys";
import { pathOf } from "../../system/files.ts";
import { MS } from "../../system/linux.ts";
import type { Missing } from "../model.ts";
import { openInRoot } from "./rootfs-path.ts";

/** Does something to the file at `path` inside, by a path that nobody can turn elsewhere; null where there is none. */
export function within<T>(
  root: number,
  path: string,
  missing: Missing,
  act: (place: string, fd: number) => T,
): T | null {
  const fd = openInRoot(root, path, missing);
  if (fd === null) return null;
  try {
    return act(pathOf(fd), fd);
  } finally {
    sys.close(fd);
  }
}

/** Adds flags to a mount. A remount sets all flags anew, so those that are there are given again. */
export function remount(place: string, flags: number): void {
  const all = (sys.statfs(place).flags & LASTING) | flags;
  sys.mount(null, place, null, MS.REMOUNT | MS.BIND | all, null);
}

/**
 * Binds `source` to `destination` inside, and gives the new mount these flags: which takes opening it again, since the
 * descriptor of before is below it.
 */
export function bind(
  source: string,
  root: number,
  destination: string,
  missing: Missing,
  flags: number,
): void {
  within(root, destination, missing, (place) => {
    sys.mount(source, place, null, MS.BIND | (flags & MS.REC), null);
  });
  addFlags(root, destination, flags);
}

/** Gives a bind mount that is there the flags that it does not get when it is made. */
export function addFlags(root: number, destination: string, flags: number): void {
  const others = flags & REMOUNTED;
  if (others !== 0) within(root, destination, "nothing", (place) => remount(place, others));
}

/** Flags that take a second call for a bind mount: the first one ignores them. */
const REMOUNTED = ~(MS.BIND | MS.REC | MS.REMOUNT | MS.SILENT);

/**
 * Flags that stay on a mount when it is remounted, since what is bound must not get rights that its source has not. ST_* of
 * statvfs(3) have the same bits for these; those of relatime and nosymfollow differ, and both are safe to lose.
 */
const LASTING = MS.RDONLY | MS.NOSUID | MS.NODEV | MS.NOEXEC | MS.NOATIME | MS.NODIRATIME;
