/** `vz image`: its commands. */
import type { CommandGroup } from "../common/command/command.ts";
import { build } from "./commands/build.ts";
import { diff } from "./commands/diff.ts";
import { exportCommand } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { inspect } from "./commands/inspect.ts";
import { list } from "./commands/list.ts";
import { rm } from "./commands/rm.ts";
import { sbom } from "./commands/sbom.ts";
import { verify } from "./commands/verify.ts";

const group: CommandGroup = {
  name: "vz image",
  summary: "build, look into, compare, keep and exchange images",
  commands: { build, inspect, verify, diff, list, rm, sbom, export: exportCommand, import: importCommand },
};
export default group;
