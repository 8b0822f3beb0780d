/** Finds and runs the verbs of vzexec. */
import type { Command } from "../../common/command/command.ts";
import { parseArgs } from "../../common/command/parse-args.ts";
import { suggest } from "../../common/command/suggest.ts";
import { Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { tidy } from "../container/tidy.ts";
import { verbs } from "./verbs/index.ts";

/**
 * Runs a verb on this slave.
 * @param unknown status for a word that is no verb: 77 for a caller who is restricted to verbs, 64 for root at the keyboard
 */
export async function runVerb(words: readonly string[], io: Io, unknown: number): Promise<number> {
  const [name = "", ...rest] = words;
  const verb = findVerb(name, unknown);
  if (process.geteuid?.() !== 0) {
    throw new VzError(Status.refused, `vzexec ${name}: needs root`);
  }
  const args = parseArgs(verb, rest);
  await tidy((line) => io.err(line));
  return verb.run(args, io);
}

export function findVerb(name: string, unknown: number): Command {
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb !== undefined) return verb;
  const near = suggest(name.slice(0, 40), Object.keys(verbs));
  throw new VzError(unknown, `${JSON.stringify(name.slice(0, 80))}: not a verb of vzexec`, {
    hint: near === undefined ? `verbs: ${Object.keys(verbs).join(" ")}` : `did you mean ${near}?`,
  });
}
