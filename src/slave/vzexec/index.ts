import type { CommandGroup } from "../../common/command.ts";

const group: CommandGroup = { name: "vzexec", summary: "restricted shell on a slave", commands: {} };
export default group;
