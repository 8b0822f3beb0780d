/** `runch delete` */
import { Status } from "../../../common/errors.ts";
import { deleteContainer } from "../delete.ts";
import type { Verb } from "../verb.ts";

export const verb: Verb = {
  summary: "forgets a container that has ended, and what it left behind",
  usage: "[--force] ID",
  options: [{ name: "force", alias: "f", help: "kill it first; an unknown ID is no error" }],
  examples: [
    { command: "runch delete --force web", does: "Whatever it is doing, afterwards there is nothing of it." },
  ],
  words: [1, 1],
  async run({ root, words, values }) {
    await deleteContainer(root, words[0] ?? "", values["force"] === "true");
    return Status.ok;
  },
};
