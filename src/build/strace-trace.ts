import type { CommandGroup } from "../common/command.ts";

const group: CommandGroup = {
  name: "vz trace",
  summary: "root filesystem of a program, by tracing it",
  commands: {},
};
export default group;
