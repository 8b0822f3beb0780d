/** `runch state` */
import { Status } from "../../../common/errors.ts";
import { showState } from "./show.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "tells as JSON what a container is doing",
  usage: "ID",
  options: [],
  examples: [{ command: "runch state web", does: "Its status, pid, bundle and annotations." }],
  words: [1, 1],
  async run({ root, words, io }) {
    io.out(await showState(root, words[0] ?? ""));
    return Status.ok;
  },
};
