/** `runch update` */
import { Status, VzError } from "../../../common/errors.ts";
import { findHierarchies } from "../cgroup/hierarchies.ts";
import { updateCgroup } from "../cgroup/update.ts";
import { resourcesFromUpdate, updateOptions } from "../cgroup/update-options.ts";
import * as register from "../state/register.ts";
import * as store from "../state/state-store.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "changes the limits of a container that is there",
  usage: "[-r FILE] [--memory BYTES] [--pids-limit N] … ID",
  options: updateOptions,
  examples: [
    { command: "runch update --memory 128M --pids-limit 50 web", does: "All of it, or nothing and why." },
  ],
  words: [1, 1],
  run({ root, words: [id = ""], values }) {
    const state = register.needState(root, id);
    const resources = resourcesFromUpdate(values);
    if (!store.isAlive(state)) throw new VzError(Status.failed, `container ${id}: is not running`);
    if (!state.cgroups?.length)
      throw new VzError(Status.failed, `container ${id}: has no cgroup that could hold limits`, {
        hint: "linux.cgroupsPath or linux.resources in its config.json gives it one",
      });
    updateCgroup(state.cgroups, findHierarchies(), resources);
    return Status.ok;
  },
};
