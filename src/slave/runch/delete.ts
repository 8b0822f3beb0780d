/** `runch delete`: forgets a container that has ended, with what it left behind. */
import * as sys from "vz:sys";
import { Status, VzError } from "../../common/errors.ts";
import { unmountLeftovers } from "./leftovers.ts";
import { processesIn, signal } from "./processes.ts";
import * as store from "./state-store.ts";

const { SIGKILL = 9 } = sys.signals;

/** Milliseconds to wait for killed processes. */
const PATIENCE = 10_000;

/** Kills everything in the container and waits for the end of it. */
function killAll(root: string, id: string): void {
  const end = sys.now() + PATIENCE;
  for (;;) {
    const state = store.readState(root, id);
    if (state === null) return;
    const alive = store.isAlive(state);
    if (alive) signal(state.pid, SIGKILL);
    const others = processesIn(state.rootfs);
    for (const pid of others) signal(pid, SIGKILL);
    if (!alive && others.length === 0) return;
    if (sys.now() > end) throw new VzError(Status.failed, `container ${id}: its processes do not end`);
    sys.poll([], 5);
  }
}

/** @throws VzError 1 for one that runs (without force) or does not exist (likewise) */
export function deleteContainer(root: string, id: string, force: boolean): void {
  store.checkId(id);
  if (force) {
    killAll(root, id);
  } else {
    const status = store.currentStatus(store.needState(root, id));
    if (status === "created") killAll(root, id);
    else if (status !== "stopped" && status !== "failed") {
      throw new VzError(Status.failed, `container ${id}: is ${status}`, {
        hint: `runch kill ${id}, or runch delete --force ${id}`,
      });
    }
  }
  const state = store.readState(root, id);
  if (state !== null) unmountLeftovers(state);
  store.removeState(root, id);
}
