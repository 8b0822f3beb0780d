/** `vz master`: the operator's console. */
import type { CommandGroup } from "../common/command/command.ts";
import { apply } from "./apply.ts";
import { deploy } from "./deploy.ts";
import { inventoryCommand } from "./inventory-command.ts";
import { logs } from "./logs.ts";
import { ps } from "./ps.ts";
import { push } from "./push.ts";
import { stop } from "./stop.ts";
import { vzexec } from "./vzexec.ts";

const group: CommandGroup = {
  name: "vz master",
  summary: "the operator's console",
  commands: { deploy, push, apply, ps, logs, stop, vzexec, inventory: inventoryCommand },
};
export default group;
export { vzexec };
