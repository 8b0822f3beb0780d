/**
 * The containers that there are, by their ids: taking an id, looking one up, listing all, forgetting one. The commands need
 * that; `start BUNDLE-DIR`, whose id is the bundle's name, does not.
 */
import * as sys from "vz:sys";
import {
  type ContainerStateFile,
  type RunStatus,
  statusOf,
} from "../../../common/contract/container-state.ts";
import { hasCode, Status, VzError } from "../../../common/errors.ts";
import { failure } from "../../system/failure.ts";
import { makeDirectories, readTextIfAny } from "../../system/files.ts";
import { bootId, checkId, readState, stateDirectory, stateFile } from "./state-store.ts";

/** How often to try what another runch may disturb. */
const ATTEMPTS = 10;

/** As readState. @throws VzError 1 where there is none */
export function needState(root: string, id: string): ContainerStateFile {
  const state = readState(root, checkId(id));
  if (state === null) throw new VzError(Status.failed, `container ${id}: does not exist`);
  return state;
}

/** Makes the directory for an id that has to be new. @throws VzError 125 if it is taken */
export function claimId(root: string, id: string): void {
  makeDirectories(root, 0o711);
  try {
    sys.mkdir(stateDirectory(root, id), 0o700);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    throw failure(`container ${id}: exists already`, `runch delete ${id}`);
  }
}

/** Removes what is kept of `id`; it is no error where nothing is. */
export function removeState(root: string, id: string): void {
  const directory = stateDirectory(root, id);
  const gone = (act: () => void, ...others: string[]) => {
    try {
      act();
      return true;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return true;
      if (!hasCode(error, ...others)) throw error;
      return false;
    }
  };
  // another runch may be removing it as well, or writing its state a last time
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    gone(() => {
      for (const { name } of sys.readdir(directory)) gone(() => sys.unlink(`${directory}/${name}`));
    });
    if (gone(() => sys.rmdir(directory), attempt < ATTEMPTS - 1 ? "ENOTEMPTY" : "")) return;
    sys.poll([], attempt);
  }
}

/** What the container is doing now, by its state and /proc. */
export function currentStatus(state: ContainerStateFile): RunStatus {
  if (state.pid === 0) return statusOf(state, null, "");
  return statusOf(state, readTextIfAny(`/proc/${state.pid}/stat`), bootId());
}

/** Ids that have a state, sorted. */
export function listIds(root: string): string[] {
  try {
    return sys
      .readdir(root)
      .map(({ name }) => name)
      .filter((name) => readTextIfAny(stateFile(root, name)) !== null)
      .sort();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

/** The copy of config.json that a container was made by. */
export function configFile(root: string, id: string): string {
  return `${root}/${id}/config.json`;
}
