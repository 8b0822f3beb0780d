import type { CommandGroup } from "../common/command.ts";

const group: CommandGroup = { name: "vz ldd", summary: "minimal chroot of a program", commands: {} };
export default group;
