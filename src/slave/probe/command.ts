/** `vz probe`: what this kernel and this init can do for containers. */
import type { Command } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { probeMachine } from "./machine.ts";
import { probeTable } from "./report.ts";

const command: Command = {
  name: "vz probe",
  summary: "tell what this kernel and this init can do for containers",
  usage: ["vz probe [--json]"],
  details:
    "Everything is found by doing it, in children that end at once; nothing is left behind. The last column tells what runch " +
    "does where a thing is not granted and isolation is auto; in strict, a bundle that asks for it does not start.",
  options: [{ name: "json", help: "the same as one JSON object" }],
  examples: [
    { command: "vz probe", does: "A table, a row for each thing." },
    {
      command: "ssh root@web1 vz probe --json",
      does: "What a VPS can do; sizes are in bytes.",
    },
  ],
  async run(args, io) {
    const [word] = args.positional;
    if (word !== undefined) {
      throw new VzError(Status.usage, `vz probe: too many arguments: ${word}`, { hint: "vz help probe" });
    }
    const probe = probeMachine();
    io.out(args.flag("json") ? `${JSON.stringify(probe)}\n` : probeTable(probe, io.outColumns));
    return Status.ok;
  },
};
export default command;
