import type { Command } from "../../../common/command/command.ts";
import type { LogsAnswer } from "../../../common/contract/protocol.ts";
import { Status, VzError } from "../../../common/errors.ts";
import { tailLog } from "../../container/log-file.ts";
import { LOG_LIMIT, placesOf } from "../../container/places.ts";
import { unknownContainer } from "../../container/rows.ts";
import { exists } from "../../system/exists.ts";
import { answer, jsonOption, oneContainer } from "./answer.ts";

const DEFAULT_LINES = 100;

export const logsVerb: Command = {
  name: "vzexec logs",
  summary: "the last lines that a container wrote",
  usage: ["vzexec logs NAME [--lines N] [--json]"],
  details: "The log is cut back to its newest half when it is longer than one megabyte.",
  options: [{ name: "lines", alias: "n", value: "N", help: `how many lines; ${DEFAULT_LINES}` }, jsonOption],
  examples: [{ command: "vzexec logs hello-1 --lines 20", does: "shows the last twenty lines" }],
  async run(args, io) {
    const container = oneContainer(args, "logs");
    const count = args.value("lines") ?? String(DEFAULT_LINES);
    if (!/^[0-9]{1,7}$/.test(count)) {
      throw new VzError(
        Status.usage,
        `vzexec logs: --lines ${JSON.stringify(count.slice(0, 80))}: not a number`,
      );
    }
    const { bundle, log } = placesOf(container);
    if (!exists(bundle)) throw unknownContainer(container);
    const document: LogsAnswer = { container, lines: tailLog(log, Number(count), LOG_LIMIT) };
    return answer(args, io, document, ({ lines }) => lines.map((line) => `${line}\n`).join(""));
  },
};
