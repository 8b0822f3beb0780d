import type { CommandGroup } from "../../common/command.ts";

const group: CommandGroup = { name: "vz image", summary: "build, inspect and verify images", commands: {} };
export default group;
