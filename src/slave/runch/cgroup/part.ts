/** A container's cgroups during its start: `linux.cgroupsPath`, `linux.resources`, and mounts that show them inside. */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import type { OciLinux } from "../../../common/oci/oci.ts";
import { failure, isMountRefused } from "../../system/failure.ts";
import { MS } from "../../system/linux.ts";
import type { PartsOptions } from "../life/model.ts";
import type { CgroupPart, MountStep } from "../model.ts";
import { within } from "../mounts/inside.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { createCgroup, refuseOccupied } from "./create.ts";
import { isFrozen } from "./freezer.ts";
import { findHierarchies } from "./hierarchies.ts";
import { planCgroupMount } from "./mount.ts";
import { cgroupDirectories, planCgroup } from "./plan.ts";
import { readResources } from "./resources.ts";
import { joinCgroup } from "./tree.ts";

/** Gives a mount its flags once all is in place: a read-only one takes no links. */
function protect(place: string, flags: number): void {
  sys.mount(null, place, null, MS.REMOUNT | MS.BIND | flags, null);
}

function mountSteps(step: MountStep, root: number, steps: ReturnType<typeof planCgroupMount>): void {
  const { destination, flags } = step;
  const others = flags & ~MS.RDONLY;
  for (const one of steps) {
    const path = one.to === "" ? destination : `${destination}/${one.to}`;
    if (one.kind === "symlink") {
      within(root, destination, "directory", (place) => sys.symlink(one.target, `${place}/${one.to}`));
      continue;
    }
    within(root, path, "directory", (place) => {
      if (one.kind === "tmpfs") sys.mount("tmpfs", place, "tmpfs", others, one.data);
      else if (one.kind === "bind") sys.mount(one.from, place, null, MS.BIND | MS.REC, null);
      else {
        try {
          sys.mount(one.source, place, one.type, flags, one.data === "" ? null : one.data);
        } catch (error) {
          if (one.otherwise === null || !(isMountRefused(error) || hasCode(error, "EBUSY", "EINVAL")))
            throw error;
          sys.mount(one.otherwise, place, null, MS.BIND | MS.REC, null);
        }
      }
    });
    if (one.kind !== "tmpfs") within(root, path, "nothing", (place) => protect(place, flags));
  }
  if ((flags & MS.RDONLY) !== 0) within(root, destination, "nothing", (place) => protect(place, flags));
}

/** @param ownNamespace whether the container has a cgroup namespace @throws VzError 78 */
export function planCgroupPart(
  linux: OciLinux,
  { id, unknown }: PartsOptions,
  ownNamespace: boolean,
  short: Shortfalls,
): CgroupPart {
  const hierarchies = findHierarchies();
  const resources = readResources(linux.resources ?? {}, "linux.resources", unknown);
  const plan = planCgroup({ cgroupsPath: linux.cgroupsPath, id, resources, hierarchies }, short);
  const directories = cgroupDirectories(plan);
  let joined: readonly string[] = [];
  // whoever enters a frozen cgroup stops, and we would wait for that process
  const refuseFrozen = (those: readonly string[]) => {
    if (isFrozen(those)) throw failure("linux.cgroupsPath: the container's cgroup is frozen, unexpectedly");
  };
  return {
    directories,
    check() {
      for (const directory of directories) refuseOccupied(directory);
      refuseFrozen(directories);
    },
    create(lacking) {
      joined = createCgroup(plan, lacking);
      // a new cgroup may lie in a frozen one
      refuseFrozen(joined);
    },
    join: (pid) => joinCgroup(joined, pid),
    mount(step, root) {
      const type = step.type === "cgroup2" ? "cgroup2" : "cgroup";
      const steps = planCgroupMount(hierarchies, directories, { type, ownCgroupNamespace: ownNamespace });
      if (steps.length === 0) return false;
      mountSteps(step, root, steps);
      return true;
    },
  };
}
