/** What a container is doing, as runch remembers it and /proc shows it. */
import type { ContainerStateFile, RunStatus } from "../../common/contract/container-state.ts";
import { STATE_DIR } from "../../common/contract/paths.ts";
import { currentStatus, removeState } from "../runch/state/register.ts";
import { readState } from "../runch/state/state-store.ts";

export interface Observed {
  readonly file: ContainerStateFile;
  readonly status: RunStatus;
}

/** Null where runch has not run the container since the boot, or since forgetState. */
export function observe(name: string): Observed | null {
  const file = readState(STATE_DIR, name);
  return file === null ? null : { file, status: currentStatus(file) };
}

/** Kills what its cgroups still hold, and removes them and the state: the next run counts as the first (restarts, back-off). */
export async function forgetState(name: string): Promise<void> {
  const cgroups = readState(STATE_DIR, name)?.cgroups ?? [];
  if (cgroups.length > 0) {
    const { killCgroup, removeCgroup } = await import("../runch/cgroup/remove.ts");
    killCgroup(cgroups);
    removeCgroup(cgroups);
  }
  removeState(STATE_DIR, name);
}
