/** `vz master`: the operator's console. */
import type { CommandGroup } from "../common/command/command.ts";
import { apply } from "./commands/apply.ts";
import { deploy } from "./commands/deploy.ts";
import { inventoryCommand } from "./commands/inventory.ts";
import { logs } from "./commands/logs.ts";
import { ps } from "./commands/ps.ts";
import { push } from "./commands/push.ts";
import { stop } from "./commands/stop.ts";
import { vzexec } from "./commands/vzexec.ts";

const group: CommandGroup = {
  name: "vz master",
  summary: "the operator's console",
  commands: { deploy, push, apply, ps, logs, stop, vzexec, inventory: inventoryCommand },
};
export default group;
export { vzexec };
