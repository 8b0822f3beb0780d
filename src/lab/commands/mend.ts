import { rmSync } from "node:fs";
import type { Command } from "../../common/command/command.ts";
import { Status } from "../../common/errors.ts";
import { withLab } from "../host/lock.ts";
import { needRoot } from "../host/need-root.ts";
import { plugIn } from "../host/network.ts";
import { labName, needSettings, vpsNumber, vpsPaths } from "../host/state.ts";
import { tool } from "../host/tool.ts";
import { vpsState } from "../vps/power.ts";

export const mend: Command = {
  name: "vz lab mend",
  summary: "mend a VPS's link that was cut",
  usage: ["vz lab mend I"],
  options: [],
  examples: [],
  async run(args, io) {
    needRoot(this.name);
    const name = labName(io);
    const i = vpsNumber(needSettings(name), args.positional[0]);
    await withLab(name, io, () => {
      const settings = needSettings(name);
      rmSync(vpsPaths(name, i).cut, { force: true });
      if (vpsState(settings, i) === "cut") tool("ip", plugIn(settings.octet, i));
    });
    return Status.ok;
  },
};
