import type { Command } from "../../../common/command/command.ts";
import { version, versionLine } from "../../../common/command/version.ts";
import type { VersionAnswer } from "../../../common/contract/protocol.ts";
import { answer, jsonOption, noArguments } from "./answer.ts";

export const versionVerb: Command = {
  name: "vzexec version",
  summary: "which vz this slave runs",
  usage: ["vzexec version [--json]"],
  options: [jsonOption],
  examples: [{ command: "ssh root@vps1 vzexec version", does: "asks a slave with the daily key" }],
  async run(args, io) {
    noArguments(args, "version");
    const document: VersionAnswer = version();
    return answer(args, io, document, () => `${versionLine()}\n`);
  },
};
