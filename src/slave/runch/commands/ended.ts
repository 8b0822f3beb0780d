/** `runch ended`: what the waiter of `run` becomes when there is something to clean up. For runch's own use. */
import { deleteContainer } from "../life/delete.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "forgets a container whose process has ended, and ends with its status",
  usage: "ID STATUS",
  options: [],
  examples: [],
  words: [2, 2],
  async run({ root, words: [id = "", status = ""] }) {
    await deleteContainer(root, id, true);
    return Number(status);
  },
};
