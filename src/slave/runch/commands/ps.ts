/** `runch ps`: the processes of a container, without a ps(1), which slaves may lack. */
import { Status } from "../../../common/errors.ts";
import { processesOf } from "../life/processes.ts";
import * as register from "../state/register.ts";
import * as store from "../state/state-store.ts";
import { usageError } from "../usage-error.ts";
import { processTable } from "./process-table.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "lists the processes of a container",
  usage: "[--format table|json] ID [OPTION OF PS…]",
  options: [
    { name: "format", alias: "f", value: "table|json", help: "for people, or pids alone for machines" },
  ],
  examples: [{ command: "runch ps web", does: "The columns of ps -ef." }],
  words: [1, Number.POSITIVE_INFINITY],
  passThrough: 1,
  async run({ root, words: [id = "", ...more], values, io }) {
    const format = values["format"] ?? "table";
    if (format !== "table" && format !== "json")
      throw usageError(`ps: --format=${format}: neither table nor json`);
    const state = register.needState(root, id);
    const pids = await processesOf(root, state);
    if (store.isAlive(state) && !pids.includes(state.pid)) pids.push(state.pid);
    pids.sort((a, b) => a - b);
    if (format === "json") io.out(`${JSON.stringify(pids)}\n`);
    else
      io.out(more.length > 0 ? (await import("./machine-ps.ts")).machinePs(more, pids) : processTable(pids));
    return Status.ok;
  },
};
