/** `runch list` */
import { Status } from "../../../common/errors.ts";
import { usageError } from "../usage-error.ts";
import { showList } from "./show.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "lists the containers",
  usage: "[-q] [--format table|json]",
  options: [
    { name: "format", alias: "f", value: "table|json", help: "for people or for machines" },
    { name: "json", help: "short for --format=json" },
    { name: "quiet", alias: "q", help: "ids alone" },
  ],
  examples: [{ command: "runch list", does: "A row a container." }],
  words: [0, 0],
  async run({ root, values, io }) {
    const format = values["json"] === "true" ? "json" : (values["format"] ?? "table");
    if (format !== "table" && format !== "json")
      throw usageError(`list: --format=${format}: neither table nor json`);
    io.out(await showList(root, format, values["quiet"] === "true"));
    return Status.ok;
  },
};
