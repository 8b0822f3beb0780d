import type { CommandGroup } from "../common/command.ts";

const group: CommandGroup = { name: "vz master", summary: "the operator's console", commands: {} };
export default group;
