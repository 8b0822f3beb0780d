import type { Command } from "../../common/command/command.ts";
import { Status } from "../../common/errors.ts";
import { withLab } from "../host/lock.ts";
import { needRoot } from "../host/need-root.ts";
import { labName, needSettings, vpsNumber } from "../host/state.ts";
import { startVps, vpsState, waitForSshd } from "../vps/power.ts";

export const boot: Command = {
  name: "vz lab boot",
  summary: "boot a dead VPS again, on the disk that it had",
  usage: ["vz lab boot I"],
  options: [],
  examples: [
    { command: "vz lab boot 2", does: "ends when sshd of vps2 answers; a link that was cut stays cut" },
  ],
  async run(args, io) {
    needRoot(this.name);
    const name = labName(io);
    const i = vpsNumber(needSettings(name), args.positional[0]);
    await withLab(name, io, async () => {
      const settings = needSettings(name);
      startVps(settings, i);
      if (vpsState(settings, i) !== "cut") await waitForSshd(settings, i);
    });
    return Status.ok;
  },
};
