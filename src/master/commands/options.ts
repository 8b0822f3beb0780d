/** Options that the commands of `vz master` share. */
import type { Args, Option } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { DEFAULT_FLEET_FILE, type Fleet, readFleet } from "../fleet/fleet.ts";

export const fileOption: Option = {
  name: "file",
  alias: "f",
  value: "FILE",
  help: `the fleet file; ${DEFAULT_FLEET_FILE} in the current directory when absent`,
};
export const jsonOption: Option = { name: "json", help: "print JSON" };
export const verboseOption: Option = {
  name: "verbose",
  alias: "v",
  help: "show all that Ansible says and does",
};

export function fleetOf(args: Args): Fleet {
  return readFleet(args.value("file") ?? DEFAULT_FLEET_FILE);
}

/** The only word after a command. @throws VzError 64 */
export function onlyWord(args: Args, command: string, what: string): string {
  const [word, ...more] = args.positional;
  if (word === undefined) throw new VzError(Status.usage, `${command}: which ${what}?`);
  if (more.length > 0) throw new VzError(Status.usage, `${command}: one ${what}, not ${more.length + 1}`);
  return word;
}

/** @throws VzError 64 */
export function noWords(args: Args, command: string): void {
  const [word] = args.positional;
  if (word !== undefined) throw new VzError(Status.usage, `${command}: what is ${JSON.stringify(word)} for?`);
}
