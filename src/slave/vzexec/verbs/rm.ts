import type { Command } from "../../../common/command/command.ts";
import { answer, jsonOption, oneContainer } from "./answer.ts";

export const rmVerb: Command = {
  name: "vzexec rm",
  summary: "stop a container and remove it, with its log",
  usage: ["vzexec rm NAME [--json]"],
  details: "Its volumes and its image stay.",
  options: [jsonOption],
  examples: [],
  async run(args, io) {
    const container = oneContainer(args, "rm");
    const { remove } = await import("../../container/containers.ts");
    await remove(container);
    return answer(args, io, { container, removed: true }, () => `${container}: removed\n`);
  },
};
