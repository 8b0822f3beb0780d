/** What a start of a container with cgroups needs. Read only then: `await import("./cgroup/index.ts")`. */

export { createCgroup, refuseOccupied } from "./create.ts";
export { delegateCgroup } from "./delegate.ts";
export type { Hierarchies, Hierarchy } from "./hierarchies.ts";
export { findHierarchies } from "./hierarchies.ts";
export { type CgroupMountStep, planCgroupMount } from "./mount.ts";
export { type CgroupPlan, cgroupDirectories, planCgroup } from "./plan.ts";
export { type OciResources, readResources } from "./resources.ts";
export { joinCgroup } from "./tree.ts";
