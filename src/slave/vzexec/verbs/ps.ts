import type { Command } from "../../../common/command/command.ts";
import { formatBytes, table } from "../../../common/command/table.ts";
import type { ContainerRow } from "../../../common/contract/protocol.ts";
import { rows } from "../../container/rows.ts";
import { answer, jsonOption, noArguments } from "./answer.ts";

export const psVerb: Command = {
  name: "vzexec ps",
  summary: "the containers on this slave",
  usage: ["vzexec ps [--json]"],
  options: [jsonOption],
  examples: [],
  async run(args, io) {
    noArguments(args, "ps");
    return answer(args, io, rows(), (all) =>
      table(
        ["CONTAINER", "STATE", "PID", "RESTARTS", "SINCE", "IMAGE", "ARCH", "RSS", "REASON"],
        all.map(line),
        io.outColumns,
      ),
    );
  },
};

function line(row: ContainerRow): string[] {
  return [
    row.container,
    row.state,
    String(row.pid ?? "-"),
    String(row.restarts),
    row.since ?? "-",
    row.imageName,
    row.architecture ?? "-",
    row.rss === null ? "-" : formatBytes(row.rss),
    row.reason ?? "",
  ];
}
