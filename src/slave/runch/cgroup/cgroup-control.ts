/** What is done to the cgroups of a container that is there: a bundle of its own, for kill, pause, exec, ps and delete. */
export { ownCgroups } from "./cgroup-owner.ts";
export { joinCgroup, processesInCgroup } from "./cgroup-tree.ts";
export { freeze, isFrozen, thawProcess } from "./freezer.ts";
export { killCgroup, removeCgroup } from "./remove-cgroup.ts";
