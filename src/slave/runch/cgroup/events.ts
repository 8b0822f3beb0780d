/** What `runch events` reads: a bundle of its own. */
export { oomCount } from "./oom-count.ts";
export { type Stats, statsJson, statsOf } from "./stats.ts";
