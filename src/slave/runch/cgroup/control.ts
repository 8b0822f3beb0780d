/** What is done to the cgroups of a container that is there: a bundle of its own, for kill, pause, exec, ps and delete. */

export { freeze, isFrozen, thawProcess } from "./freezer.ts";
export { ownCgroups } from "./owner.ts";
export { killCgroup, removeCgroup } from "./remove.ts";
export { joinCgroup, processesInCgroup } from "./tree.ts";
