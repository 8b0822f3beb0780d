/** A machine's disk: one ext4 filesystem, made without loop devices by mke2fs(8). */
import { mkdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { Status, VzError } from "../../common/errors.ts";
import { tool } from "../host/tool.ts";
import { readOnlyOverlay } from "../vps/mount-plan.ts";

/** Megabytes of each machine's disk. */
export const DISK_MEGABYTES = 600;

/** Features that kernels from 5.10 on have, whatever this machine's mke2fs would choose. */
const FEATURES =
  "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize";

/** Mounts the layers where only this process sees them, then makes the filesystem from them. */
const MAKE = `set -e
mount -t overlay overlay -o "$1" "$2"
mke2fs -q -F -t ext4 -O "$3" -E lazy_itable_init=0 -L root -d "$2" "$4" "$5M"`;

/**
 * Makes the image at `path`, whole or not at all: the root filesystem `base` with what `upper` puts over it.
 * @param mount an empty directory
 */
export function makeImage(base: string, upper: string, mount: string, path: string): void {
  const part = `${path}.part`;
  rmSync(part, { force: true });
  mkdirSync(mount, { recursive: true });
  const layers = readOnlyOverlay(upper, base);
  const words = [layers, mount, FEATURES, part, String(DISK_MEGABYTES)];
  const command = ["--mount", "--propagation", "private", "--", "sh", "-c", MAKE, "sh", ...words];
  tool("unshare", command, "", `the disk ${path}`);
  renameSync(part, path);
}

/** @throws VzError 71 unless `dir` has room for `count` more disks when full: a machine stops when its disk finds none */
export function needRoom(dir: string, count: number): void {
  const { bavail, bsize } = statfsSync(dir);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  const needed = count * DISK_MEGABYTES;
  if (free >= needed) return;
  const what = count === 1 ? "a disk" : `${count} disks`;
  throw new VzError(
    Status.osError,
    `${dir}: has ${free} MB free, ${what} of ${DISK_MEGABYTES} MB may take ${needed}`,
    {
      hint: "fewer machines, or more room there",
    },
  );
}
