import type { CommandGroup } from "../common/command/command.ts";
import { boot } from "./boot.ts";
import { cut } from "./cut.ts";
import { down } from "./down.ts";
import { kill } from "./kill.ts";
import { ls } from "./ls.ts";
import { mend } from "./mend.ts";
import { ssh } from "./ssh.ts";
import { up } from "./up.ts";
import { vps } from "./vps.ts";

const group: CommandGroup = {
  name: "vz lab",
  summary: "fake VPSes on this machine",
  commands: { up, ls, ssh, kill, boot, cut, mend, down, vps },
};
export default group;
