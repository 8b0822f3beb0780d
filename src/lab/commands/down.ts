import type { Command } from "../../common/command/command.ts";
import { Status } from "../../common/errors.ts";
import { withLab } from "../host/lock.ts";
import { needRoot } from "../host/need-root.ts";
import { labName } from "../host/state.ts";
import { takeDown } from "../take-down.ts";

export const down: Command = {
  name: "vz lab down",
  summary: "end the lab and remove all of it but the cached root filesystem",
  usage: ["vz lab down"],
  details: "Also cleans up after a lab that was interrupted or crashed. ./fleet.yaml stays.",
  options: [],
  examples: [{ command: "VZ_LAB=second vz lab down", does: "the lab named second" }],
  async run(_args, io) {
    needRoot(this.name);
    const name = labName(io);
    const ended = await withLab(name, io, () => takeDown(name));
    io.out(ended ? `lab ${name} is down\n` : `lab ${name} was not up\n`);
    return Status.ok;
  },
};
