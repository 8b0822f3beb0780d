import { execve } from "vz:sys";
import type { Command } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { vpsAddress } from "../host/network.ts";
import { labName, labPaths, needSettings, vpsNumber } from "../host/state.ts";
import { sshCommand } from "../ssh-command.ts";
import { vpsState } from "../vps/power.ts";

export const ssh: Command = {
  name: "vz lab ssh",
  summary: "a shell or a command on a VPS, as root with the lab's key",
  usage: ["vz lab ssh I [CMD…]"],
  details: "This is ssh itself: the words of CMD are joined with spaces and read by the VPS's shell.",
  options: [],
  passThrough: true,
  examples: [
    { command: "vz lab ssh 1", does: "a shell on vps1" },
    { command: "vz lab ssh vps2 ps -ef", does: "what runs on vps2" },
  ],
  async run(args, io) {
    const settings = needSettings(labName(io));
    const [word, ...command] = args.positional;
    const i = vpsNumber(settings, word);
    const state = vpsState(settings, i);
    if (state === "dead" || state === "cut") {
      throw new VzError(Status.unreachable, `vps${i}: is ${state}`, {
        hint: `vz lab ${state === "dead" ? "boot" : "mend"} ${i}`,
      });
    }
    const words = sshCommand(labPaths(settings.name), vpsAddress(settings.octet, i), command);
    return execve("/usr/bin/env", ["env", ...words], environment(io.env));
  },
};

function environment(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}
