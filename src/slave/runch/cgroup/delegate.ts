/** Handing a cgroup to a container's own root ("Cgroup ownership" of the specification's config-linux.md). */
import * as sys from "vz:sys";
import { hasCode, isSystemError, reason } from "../../../common/errors.ts";
import { readTextIfAny } from "../../system/files.ts";
import { readControl } from "./control-files.ts";
import { FIELD } from "./limits.ts";
import type { Teller } from "./plan.ts";

/** The files that can be given away in Linux 4.13; from 4.15 on the kernel lists them. */
const FILES = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads";

/**
 * Gives the directory of version 2, and the files in it that may be given away, to `uid`; version 1 is not safe to give away.
 * For a container with a user namespace and a cgroup namespace of its own whose cgroups are mounted read-write.
 * @param uid as the machine counts
 */
export function delegateCgroup(directories: readonly string[], uid: number, tell: Teller): void {
  const directory = directories.find((one) => readControl(`${one}/cgroup.controllers`) !== null);
  if (directory === undefined) return;
  try {
    sys.chown(directory, uid, -1);
    for (const file of (readTextIfAny("/sys/kernel/cgroup/delegate") ?? FILES).split("\n")) {
      try {
        if (file !== "" && !file.includes("/")) sys.chown(`${directory}/${file}`, uid, -1);
      } catch (error) {
        // a file of a controller that this cgroup does not have
        if (!hasCode(error, "ENOENT")) throw error;
      }
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    tell.add(`${FIELD}: owner of ${directory}`, reason(error));
  }
}
