import type { CommandGroup } from "../../common/command.ts";
import { build } from "./commands/build.ts";
import { exportCommand } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { inspect } from "./commands/inspect.ts";
import { verify } from "./commands/verify.ts";

const group: CommandGroup = {
  name: "vz image",
  summary: "build, inspect, verify, export and import images",
  commands: { build, inspect, verify, export: exportCommand, import: importCommand },
};
export default group;
