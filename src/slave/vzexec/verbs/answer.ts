/** What the verbs share: their arguments and their answers. */
import type { Args, Option } from "../../../common/command/command.ts";
import { checkName } from "../../../common/contract/names.ts";
import { Status, VzError } from "../../../common/errors.ts";
import type { Io } from "../../../common/io.ts";

export const jsonOption: Option = { name: "json", help: "answer as one JSON document" };

/** Writes a verb's answer: the document with --json, else what `human` makes of it. */
export function answer<T>(args: Args, io: Io, document: T, human: (document: T) => string): number {
  io.out(args.flag("json") ? `${JSON.stringify(document)}\n` : human(document));
  return Status.ok;
}

/** @throws VzError 64 unless the verb has exactly one argument, a container's name */
export function oneContainer(args: Args, verb: string): string {
  return checkName("container", oneArgument(args, verb, "container"));
}

export function oneArgument(args: Args, verb: string, what: string): string {
  const [first, ...more] = args.positional;
  if (first !== undefined && more.length === 0) return first;
  throw new VzError(Status.usage, `vzexec ${verb}: takes one ${what}`, { hint: `vz help vzexec ${verb}` });
}

/** @throws VzError 64 when there are any */
export function noArguments(args: Args, verb: string): void {
  if (args.positional.length === 0) return;
  throw new VzError(Status.usage, `vzexec ${verb}: takes no arguments`, { hint: `vz help vzexec ${verb}` });
}
