import type { Command } from "../../../common/command/command.ts";
import { formatBytes, formatSpan } from "../../../common/command/table.ts";
import type { FactsAnswer } from "../../../common/contract/protocol.ts";
import { answer, jsonOption, noArguments } from "./answer.ts";

export const factsVerb: Command = {
  name: "vzexec facts",
  summary: "what this slave is and can do",
  usage: ["vzexec facts [--json]"],
  options: [jsonOption],
  examples: [
    { command: "vzexec facts", does: "tells of kernel, init, memory, disk, and what may be isolated here" },
  ],
  async run(args, io) {
    noArguments(args, "facts");
    const { readFacts } = await import("../../probe/facts.ts");
    return answer(args, io, readFacts(), human);
  },
};

function human(facts: FactsAnswer): string {
  const { memory, disk } = facts;
  const part = ({ total, available }: FactsAnswer["memory"]) =>
    `${formatBytes(available)} of ${formatBytes(total)} free`;
  return [
    `host        ${facts.hostname}, up ${formatSpan(facts.uptime)}`,
    `kernel      ${facts.kernel} ${facts.machine}, runs programs for ${facts.architectures.join(" and ")}`,
    `init        ${facts.init}`,
    `memory      ${part(memory)}`,
    `disk        ${part(disk)}`,
    `isolation   ${facts.mountNamespace ? "mount namespaces" : "chroot only"}`,
    `images      ${facts.images.length}`,
    "",
  ].join("\n");
}
