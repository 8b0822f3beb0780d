/** Forgetting a container, with all that it left behind: processes, mounts, cgroups, state. */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import { reason, Status, VzError } from "../../../common/errors.ts";
import { complain } from "../../system/complain.ts";
import { readTextIfAny } from "../../system/files.ts";
import { signal } from "../../system/signal.ts";
import defer * as hookStates from "../hooks/state.ts";
import { unmountLeftovers } from "../state/leftovers.ts";
import * as register from "../state/register.ts";
import * as store from "../state/state-store.ts";
import { processesOf } from "./processes.ts";

const { SIGKILL } = sys.signals;

/** Milliseconds to wait for killed processes. */
const PATIENCE = 10_000;
/** Milliseconds between two looks, at most. */
const LONG_PAUSE = 20;

/** Kills everything in the container and waits for the end of it. */
async function killAll(root: string, id: string): Promise<void> {
  const end = sys.now() + PATIENCE;
  for (let pause = 1; ; pause = Math.min(LONG_PAUSE, pause * 2)) {
    const state = store.readState(root, id);
    if (state === null) return;
    const alive = store.isAlive(state);
    if (alive) signal(state.pid, SIGKILL);
    if (state.cgroups?.length) {
      const { killCgroup } = await import("../cgroup/remove.ts");
      const { ownCgroups } = await import("../cgroup/owner.ts");
      killCgroup(ownCgroups(root, state));
    }
    // a pid namespace ends with its first process
    const others = alive && state.pidNamespace !== undefined ? [] : await processesOf(root, state);
    for (const pid of others) signal(pid, SIGKILL);
    if (!alive && others.length === 0) return;
    if (pause === LONG_PAUSE) {
      const { thawProcess } = await import("../cgroup/freezer.ts");
      const all = alive ? [state.pid, ...others] : others;
      for (const pid of all) thawProcess(pid, all);
    }
    if (sys.now() > end) throw new VzError(Status.failed, `container ${id}: its processes do not end`);
    sys.poll([], pause);
  }
}

/** Hooks for after the end, by the copy of config.json, or where there is none by the bundle's. */
async function runPoststop(root: string, state: ContainerStateFile): Promise<void> {
  const { id, bundle } = state;
  try {
    const text = readTextIfAny(register.configFile(root, id)) ?? readTextIfAny(`${bundle}/config.json`);
    const { hooks }: { hooks?: unknown } = JSON.parse(text ?? "{}");
    if (hooks === undefined || hooks === null) return;
    const part = new (await import("../hooks/run.ts")).Hooks(hooks, []);
    const stopped = hookStates.hookState(state, "stopped", 0);
    for (const why of part.runAll("poststop", stopped)) complain(`runch: ${id}: ${why}\n`);
  } catch (error) {
    // the container is gone all the same ("Lifecycle": a warning)
    complain(`runch: ${id}: poststop hooks: ${reason(error)}\n`);
  }
}

/** @throws VzError 1 for one that runs (without force) or does not exist (likewise) */
export async function deleteContainer(root: string, id: string, force: boolean): Promise<void> {
  store.checkId(id);
  if (!force) {
    const status = register.currentStatus(register.needState(root, id));
    if (status !== "created" && status !== "stopped" && status !== "failed") {
      throw new VzError(Status.failed, `container ${id}: is ${status}`, {
        hint: `runch kill ${id}, or runch delete --force ${id}`,
      });
    }
  }
  await killAll(root, id);
  const state = store.readState(root, id);
  if (state !== null) {
    unmountLeftovers(state);
    if (state.cgroups?.length) {
      const { ownCgroups } = await import("../cgroup/owner.ts");
      const { removeCgroup } = await import("../cgroup/remove.ts");
      removeCgroup(ownCgroups(root, state));
    }
  }
  if (state?.hooks === true) await runPoststop(root, state);
  register.removeState(root, id);
}
