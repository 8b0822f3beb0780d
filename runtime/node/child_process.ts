/** `node:child_process`: programs are started by name and arguments; there is no shell in between. */
export { ChildProcess, type SpawnOptions, spawn } from "./internal/child-process.ts";
export { execFileSync, type SpawnSyncOptions, spawnSync } from "./internal/child-sync.ts";
