/** `runch resume` */
import { Status, VzError } from "../../../common/errors.ts";
import { freeze, isFrozen } from "../cgroup/freezer.ts";
import * as register from "../state/register.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "lets a paused container go on",
  usage: "ID",
  options: [],
  examples: [{ command: "runch resume web", does: "What pause has stopped." }],
  words: [1, 1],
  run({ root, words: [id = ""] }) {
    const { cgroups = [] } = register.needState(root, id);
    if (!isFrozen(cgroups)) throw new VzError(Status.failed, `container ${id}: is not paused`);
    freeze(cgroups, false);
    return Status.ok;
  },
};
