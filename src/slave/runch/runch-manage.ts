/**
 * The commands that look at containers, signal and forget them. A bundle of its own: a start does not read it.
 */
import { Status, VzError } from "../../common/errors.ts";
import { deleteContainer } from "./delete.ts";
import { killContainer } from "./kill.ts";
import type { ParsedLine } from "./options.ts";
import { showList, showState } from "./show.ts";

function listFormat(values: ParsedLine["values"]): "table" | "json" {
  const format = values["json"] === "true" ? "json" : (values["format"] ?? "table");
  if (format === "table" || format === "json") return format;
  throw new VzError(Status.usage, `runch list: --format=${format}: neither table nor json`);
}

/** @returns what goes to standard output */
export function manage({ verb, values, words }: ParsedLine, root: string): string {
  const id = words[0] ?? "";
  switch (verb) {
    case "state":
      return showState(root, id);
    case "list":
      return showList(root, listFormat(values), values["quiet"] === "true");
    case "kill":
      killContainer(root, id, words[1] ?? "TERM", values["all"] === "true");
      return "";
    default:
      deleteContainer(root, id, values["force"] === "true");
      return "";
  }
}
