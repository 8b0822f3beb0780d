import type { Command } from "../../common/command/command.ts";
import { Status } from "../../common/errors.ts";
import { withLab } from "../host/lock.ts";
import { needRoot } from "../host/need-root.ts";
import { labName, needSettings, vpsNumber } from "../host/state.ts";
import { killVps } from "../vps/power.ts";

export const kill: Command = {
  name: "vz lab kill",
  summary: "a VPS's vendor dies: no packet more comes from it, its disk stays",
  usage: ["vz lab kill I"],
  options: [],
  examples: [{ command: "vz lab kill 2", does: "vps2 is gone until vz lab boot 2" }],
  async run(args, io) {
    needRoot(this.name);
    const name = labName(io);
    const i = vpsNumber(needSettings(name), args.positional[0]);
    await withLab(name, io, () => killVps(needSettings(name), i));
    return Status.ok;
  },
};
