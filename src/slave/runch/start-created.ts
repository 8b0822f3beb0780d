/** `runch start ID`: lets the parked process of a created container become its program. */
import * as sys from "vz:sys";
import { Status, VzError } from "../../common/errors.ts";
import { readText } from "./files.ts";
import { release } from "./park.ts";
import { signal } from "./processes.ts";
import * as store from "./state-store.ts";

const { SIGKILL = 9 } = sys.signals;

/** Milliseconds to wait for a container that is being created. */
const PATIENCE = 10_000;

/** @throws VzError 1 where there is no created container of this id, or why its program could not be executed */
export async function startCreated(root: string, id: string): Promise<void> {
  let state = store.needState(root, id);
  let status = store.currentStatus(state);
  // who asks for the state sees it before `create` is through
  for (const end = sys.now() + PATIENCE; status === "creating" && sys.now() < end; ) {
    sys.poll([], 5);
    state = store.needState(root, id);
    status = store.currentStatus(state);
  }
  if (status !== "created") throw new VzError(Status.failed, `container ${id}: is ${status}, not created`);
  release(root, id);
  const running = { ...state, status: "running" as const, started: new Date().toISOString() };
  sys.close(store.writeState(root, running));
  if (state.hooks !== true) return;
  const { hooks }: { hooks?: unknown } = JSON.parse(readText(store.configFile(root, id)));
  const { ociVersion, pid, bundle, annotations } = state;
  try {
    new (await import("./hooks.ts")).HookPart(hooks, []).run(
      "poststart",
      JSON.stringify({ ociVersion, id, status: "running", pid, bundle, annotations }),
    );
  } catch (error) {
    // "Lifecycle": an error, and the container is stopped
    signal(pid, SIGKILL);
    throw error;
  }
}
