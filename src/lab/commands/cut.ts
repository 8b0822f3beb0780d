import { writeFileSync } from "node:fs";
import type { Command } from "../../common/command/command.ts";
import { Status } from "../../common/errors.ts";
import { withLab } from "../host/lock.ts";
import { needRoot } from "../host/need-root.ts";
import { plugOut } from "../host/network.ts";
import { labName, needSettings, vpsNumber, vpsPaths } from "../host/state.ts";
import { tool } from "../host/tool.ts";
import { vpsState } from "../vps/power.ts";

export const cut: Command = {
  name: "vz lab cut",
  summary: "cut a VPS's link: packets vanish both ways, it runs on",
  usage: ["vz lab cut I"],
  options: [],
  examples: [
    { command: "vz lab cut 3", does: "vps3 is silent until vz lab mend 3; open connections stay open" },
  ],
  async run(args, io) {
    needRoot(this.name);
    const name = labName(io);
    const i = vpsNumber(needSettings(name), args.positional[0]);
    await withLab(name, io, () => {
      const settings = needSettings(name);
      writeFileSync(vpsPaths(name, i).cut, "");
      if (vpsState(settings, i) === "up") tool("ip", plugOut(settings.octet, i));
    });
    return Status.ok;
  },
};
