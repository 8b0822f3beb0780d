import type { Command } from "../../../common/command/command.ts";
import { answer, jsonOption, oneContainer } from "./answer.ts";

export const stopVerb: Command = {
  name: "vzexec stop",
  summary: "stop a container until it is started again",
  usage: ["vzexec stop NAME [--json]"],
  details: "Its processes get TERM, and KILL ten seconds later. It stays stopped after a boot too.",
  options: [jsonOption],
  examples: [],
  async run(args, io) {
    const name = oneContainer(args, "stop");
    const { stop } = await import("../../container/containers.ts");
    const row = await stop(name);
    return answer(args, io, row, ({ container }) => `${container}: stopped\n`);
  },
};
