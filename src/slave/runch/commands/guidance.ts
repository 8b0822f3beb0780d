/** What people are told about the commands: help, version, and what to do about a word that is no command. */
import type { Command } from "../../../common/command/command.ts";
import { helpPage } from "../../../common/command/help.ts";
import { suggest } from "../../../common/command/suggest.ts";
import { version } from "../../../common/command/version.ts";
import { Status } from "../../../common/errors.ts";
import type { Io } from "../../../common/io.ts";
import { OCI_VERSION } from "../../../common/oci/version.ts";
import { usageError } from "../usage-error.ts";
import type { Verb } from "./verb.ts";

/** Commands that need CRIU, which no slave has. */
const LACKING = ["checkpoint", "restore"];
/** Commands that only runch itself calls. */
const INTERNAL = ["ended"];

const widthOf = (io: Io) => Math.min(io.outColumns ?? 80, 100);

/**
 * Answers words that no file of commands/ is for: version, help, and those that are no command.
 * @param names of all commands
 * @throws VzError 64
 */
export async function guide(name: string, names: readonly string[], io: Io): Promise<number> {
  if (name === "version") {
    io.out(`runch version ${version().version}\nspec: ${OCI_VERSION}\n`);
    return Status.ok;
  }
  if (name === "help") {
    io.out(helpPage((await import("./help.ts")).default, widthOf(io)));
    return Status.ok;
  }
  if (LACKING.includes(name))
    throw usageError(`${name}: not supported: runch cannot freeze a container into files`);
  const near = suggest(
    name,
    names.filter((one) => !INTERNAL.includes(one)),
  );
  throw usageError(
    `${name}: no such command`,
    near === undefined ? undefined : `did you mean runch ${near}?`,
  );
}

/** Help of one command. */
export function showHelp(name: string, usage: string, verb: Verb, io: Io): number {
  const { summary, options, examples, details } = verb;
  const page: Command = {
    name: `runch ${name}`,
    summary,
    usage: [usage],
    options,
    examples,
    run: async () => Status.ok,
    ...(details === undefined ? {} : { details }),
  };
  io.out(helpPage(page, widthOf(io)));
  return Status.ok;
}
