/** What a run of a bundle owes to the run before it: to clear up after it, to count it, and not to follow it too soon. */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import { complain } from "../../system/complain.ts";
import defer * as hookStates from "../hooks/state.ts";
import type { Parts } from "../model.ts";
import defer * as leftovers from "../state/leftovers.ts";
import { writeState } from "../state/state-store.ts";
import { nextRun } from "./backoff.ts";

/** Undoes its mounts and cgroups, and runs the hooks for after its end, since nobody was there then. */
export async function clearUp(root: string, last: ContainerStateFile, { hooks }: Parts): Promise<void> {
  if (last.hostMounts !== null) leftovers.unmountLeftovers(last);
  if (last.cgroups?.length) {
    const { killCgroup, removeCgroup } = await import("../cgroup/remove.ts");
    const { ownCgroups } = await import("../cgroup/owner.ts");
    const own = ownCgroups(root, last);
    killCgroup(own);
    removeCgroup(own);
  }
  if (!hooks?.has("poststop")) return;
  const stopped = hookStates.hookState(last, "stopped", 0);
  for (const why of hooks.runAll("poststop", stopped)) complain(`runch: ${last.id}: ${why}\n`);
}

/** Counts the run, and waits where the last one was short. @returns the state to go on from */
export function followUp(
  root: string,
  last: ContainerStateFile,
  first: ContainerStateFile,
): ContainerStateFile {
  const { pause, ...counts } = nextRun(last, Date.now(), first.backoff);
  const state = { ...first, ...counts };
  if (pause === 0) return state;
  const { reason, exitStatus } = state.reason === null ? last : state;
  const status = reason === null ? "restarting" : "failed";
  sys.close(writeState(root, { ...state, status, reason, exitStatus }));
  complain(`runch: ${state.id}: its last run was short: waiting ${pause} s\n`);
  sys.poll([], pause * 1000);
  return { ...state, started: new Date().toISOString() };
}
