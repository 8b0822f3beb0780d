/** `linux.seccomp` of config.json: read, compiled to a filter, loaded. Only what has such a field imports it. */

export { MACHINES } from "./abis.ts";
export type { SeccompFeatures } from "./kernel.ts";
export { seccompFeatures } from "./kernel.ts";
export { fitSeccomp, loadSeccomp } from "./load-seccomp.ts";
export type { SeccompPlan } from "./plan-seccomp.ts";
export { planSeccomp } from "./plan-seccomp.ts";
export type { OciSeccomp } from "./read-seccomp.ts";
export { readSeccomp } from "./read-seccomp.ts";
