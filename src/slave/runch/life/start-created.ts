/** `runch start ID`: lets the parked process of a created container become its program. */
import * as sys from "vz:sys";
import { hasCode, Status, VzError } from "../../../common/errors.ts";
import { readText } from "../../system/files.ts";
import { signal } from "../../system/signal.ts";
import defer * as hookStates from "../hooks/state.ts";
import * as register from "../state/register.ts";
import * as store from "../state/state-store.ts";
import { release } from "./park.ts";

const { F_OK } = sys.constants;
const { SIGKILL } = sys.signals;

/** Milliseconds to wait for a container that is being created. */
const PATIENCE = 10_000;

/**
 * A word without a slash is a bundle if it names a directory with a config.json; else it is an id. So is the name of a
 * container that lives, as one does after `create`, whatever directories there are.
 */
export function isBundle(root: string, word: string): boolean {
  const state = store.readState(root, word);
  if (state !== null && store.isAlive(state)) return false;
  try {
    sys.access(`${word}/config.json`, F_OK);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return false;
    throw error;
  }
}

/** @throws VzError 1 where there is no created container of this id, or why its program could not be executed */
export async function startCreated(root: string, id: string): Promise<void> {
  let state = register.needState(root, id);
  let status = register.currentStatus(state);
  // who asks for the state sees it before `create` is through
  for (const end = sys.now() + PATIENCE; status === "creating" && sys.now() < end; ) {
    sys.poll([], 5);
    state = register.needState(root, id);
    status = register.currentStatus(state);
  }
  if (status !== "created") throw new VzError(Status.failed, `container ${id}: is ${status}, not created`);
  release(root, id);
  const running = { ...state, status: "running" as const, started: new Date().toISOString() };
  sys.close(store.writeState(root, running));
  if (state.hooks !== true) return;
  const { hooks }: { hooks?: unknown } = JSON.parse(readText(register.configFile(root, id)));
  try {
    new (await import("../hooks/run.ts")).Hooks(hooks, []).run(
      "poststart",
      hookStates.hookState(state, "running", state.pid),
    );
  } catch (error) {
    // "Lifecycle": an error, and the container is stopped
    signal(state.pid, SIGKILL);
    throw error;
  }
}
