/** `runch delete` */
import { reason, Status } from "../../../common/errors.ts";
import { deleteContainer } from "../life/delete.ts";
import { listIds } from "../state/register.ts";
import { usageError } from "../usage-error.ts";
import type { Verb } from "./verb.ts";

function regex(expression: string): RegExp {
  try {
    return new RegExp(expression);
  } catch (error) {
    throw usageError(`delete: --regex=${expression}: ${reason(error)}`, "runch delete ID");
  }
}

export const verb: Verb = {
  summary: "forgets a container that has ended, and what it left behind",
  usage: "[--force] ID|--regex EXPRESSION",
  options: [
    { name: "force", alias: "f", help: "kill it first; an unknown ID is no error" },
    { name: "regex", alias: "r", value: "EXPRESSION", help: "all containers whose id it matches somewhere" },
  ],
  examples: [
    { command: "runch delete --force web", does: "Whatever it is doing, afterwards there is nothing of it." },
  ],
  words: [0, 1],
  async run({ root, words, values }) {
    const expression = values["regex"];
    if ((words.length === 0) === (expression === undefined))
      throw usageError("delete: an ID or --regex is wanted", "runch delete ID");
    const ids = expression === undefined ? words : listIds(root).filter((id) => regex(expression).test(id));
    for (const id of ids) await deleteContainer(root, id, values["force"] === "true");
    return Status.ok;
  },
};
