/** What a start of a container with cgroups needs. Read only then: `await import("./cgroup/index.ts")`. */
export { type CgroupMountStep, planCgroupMount } from "./cgroup-mount.ts";
export { joinCgroup } from "./cgroup-tree.ts";
export { createCgroup, refuseOccupied } from "./create-cgroup.ts";
export { delegateCgroup } from "./delegate-cgroup.ts";
export { findHierarchies } from "./find-hierarchies.ts";
export type { Hierarchies, Hierarchy } from "./hierarchies.ts";
export { type CgroupPlan, cgroupDirectories, planCgroup } from "./plan-cgroup.ts";
export { type OciResources, readResources } from "./resources.ts";
