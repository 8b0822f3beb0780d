/** `vz lab`: its commands. */
import type { CommandGroup } from "../common/command/command.ts";
import { boot } from "./commands/boot.ts";
import { cut } from "./commands/cut.ts";
import { down } from "./commands/down.ts";
import { kill } from "./commands/kill.ts";
import { ls } from "./commands/ls.ts";
import { mend } from "./commands/mend.ts";
import { ssh } from "./commands/ssh.ts";
import { up } from "./commands/up.ts";
import { vps } from "./commands/vps.ts";

const group: CommandGroup = {
  name: "vz lab",
  summary: "fake VPSes on this machine",
  commands: { up, ls, ssh, kill, boot, cut, mend, down, vps },
};
export default group;
