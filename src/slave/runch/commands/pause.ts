/** `runch pause` */
import { Status, VzError } from "../../../common/errors.ts";
import { freeze } from "../cgroup/freezer.ts";
import * as register from "../state/register.ts";
import { statusNow } from "./show.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "stops all processes of a container where they are",
  usage: "ID",
  options: [],
  examples: [
    {
      command: "runch pause web",
      does: "By the freezer of its cgroup; a container without one cannot be paused.",
    },
  ],
  words: [1, 1],
  async run({ root, words: [id = ""] }) {
    const state = register.needState(root, id);
    const status = await statusNow(state);
    if (status !== "running" && status !== "created")
      throw new VzError(Status.failed, `container ${id}: is ${status}`);
    freeze(state.cgroups ?? [], true);
    return Status.ok;
  },
};
