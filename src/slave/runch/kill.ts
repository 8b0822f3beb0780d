/** `runch kill`: a signal to the container's process, or to all of them. */
import * as sys from "vz:sys";
import { Status, VzError } from "../../common/errors.ts";
import { processesIn, signal } from "./processes.ts";
import { parseSignal } from "./signals.ts";
import * as store from "./state-store.ts";

/** @throws VzError 64 for an unknown signal, 1 for a container that does not run */
export function killContainer(root: string, id: string, name: string, all: boolean): void {
  const number = parseSignal(name, sys.signals);
  const state = store.needState(root, id);
  const alive = store.isAlive(state);
  const others = all ? processesIn(state.rootfs) : [];
  if (!alive && others.length === 0) throw new VzError(Status.failed, `container ${id}: is not running`);
  if (alive) signal(state.pid, number);
  for (const pid of others) if (pid !== state.pid) signal(pid, number);
}
