import type { CommandGroup } from "../../common/command.ts";

const group: CommandGroup = { name: "runch", summary: "OCI container runner", commands: {} };
export default group;
