import type { CommandGroup } from "../common/command.ts";

const group: CommandGroup = { name: "vz lab", summary: "fake VPSes on this machine", commands: {} };
export default group;
