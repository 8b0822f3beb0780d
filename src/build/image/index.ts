import type { CommandGroup } from "../../common/command.ts";
import { build } from "./commands/build.ts";
import { inspect } from "./commands/inspect.ts";
import { verify } from "./commands/verify.ts";

const group: CommandGroup = {
  name: "vz image",
  summary: "build, inspect and verify images",
  commands: { build, inspect, verify },
};
export default group;
