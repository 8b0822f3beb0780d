/** Giving way to the waiter (runtime/native/waiter.c), which needs no engine: what `run` and `exec` are while they wait. */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import * as register from "../state/register.ts";
import * as store from "../state/state-store.ts";

/** The terminal's master, which the container's process has sent. */
function masterFrom(terminal: readonly [number, number] | null): number {
  if (terminal === null) return -1;
  const [ours, theirs] = terminal;
  sys.close(theirs);
  const master = sys.receiveFd(ours);
  sys.close(ours);
  if (master >= 0) sys.setCloexec(master, false);
  return master;
}

/** Waits for `pid`, a child, and ends as it ends. */
export function waitOnly(pid: number, terminal: readonly [number, number] | null): never {
  return sys.becomeWaiter(pid, masterFrom(terminal), []);
}

/**
 * Waits for the container's process, forgets the container, and ends with its status. Where nothing else can be left, two files
 * and their directory are all there is to remove, and the waiter does that itself.
 */
export function waitAndClean(
  root: string,
  state: ContainerStateFile,
  terminal: readonly [number, number] | null,
  keep: boolean,
): never {
  const { id, pid, cgroups = [] } = state;
  const master = masterFrom(terminal);
  if (keep) return sys.becomeWaiter(pid, master, []);
  // the end of its first process is the end of a pid namespace, and that of the last one the end of its mounts
  const isSimple =
    state.pidNamespace !== undefined &&
    state.mountNamespace !== undefined &&
    cgroups.length === 0 &&
    state.hooks !== true;
  const directory = store.stateDirectory(root, id);
  const after = isSimple
    ? ["rm", store.stateFile(root, id), register.configFile(root, id), directory]
    : ["exec", "runch", "--root", root, "ended", id];
  return sys.becomeWaiter(pid, master, after);
}
