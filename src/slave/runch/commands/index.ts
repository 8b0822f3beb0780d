/** The commands of `runch` but `start`: found by name, each a bundle of its own. */
import type { Command } from "../../../common/command.ts";
import { Status } from "../../../common/errors.ts";
import { helpPage } from "../../../common/help.ts";
import type { Io } from "../../../common/io.ts";
import { suggest } from "../../../common/suggest.ts";
import { version } from "../../../common/version.ts";
import { parseOptions, usageError, type Values } from "../options.ts";
import type { Verb } from "../verb.ts";

const VERBS: Readonly<Record<string, () => Promise<{ readonly verb: Verb }>>> = {
  start: () => import("./start.ts"),
  create: () => import("./create.ts"),
  run: () => import("./run.ts"),
  exec: () => import("./exec.ts"),
  state: () => import("./state.ts"),
  list: () => import("./list.ts"),
  ps: () => import("./ps.ts"),
  events: () => import("./events.ts"),
  kill: () => import("./kill.ts"),
  pause: () => import("./pause.ts"),
  resume: () => import("./resume.ts"),
  update: () => import("./update.ts"),
  delete: () => import("./delete.ts"),
  spec: () => import("./spec.ts"),
  features: () => import("./features.ts"),
  ended: () => import("./ended.ts"),
};

/** Commands that need CRIU, which no slave has. */
const LACKING = ["checkpoint", "restore"];

const COMMAND_NAMES: readonly string[] = Object.keys(VERBS).filter((name) => name !== "ended");

const widthOf = (io: Io) => Math.min(io.outColumns ?? 80, 100);

/** @param before options that stood before the command's name */
export async function runVerb(
  name: string,
  rest: readonly string[],
  root: string,
  before: Values,
  io: Io,
): Promise<number> {
  const load = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (name === "version") {
    io.out(`runch version ${version().version}\nspec: 1.2.0\n`);
    return Status.ok;
  }
  if (name === "help") {
    io.out(helpPage((await import("../runch-help.ts")).default, widthOf(io)));
    return Status.ok;
  }
  if (load === undefined) {
    if (LACKING.includes(name))
      throw usageError(`${name}: not supported: runch cannot freeze a container into files`);
    const near = suggest(name, COMMAND_NAMES);
    throw usageError(
      `${name}: no such command`,
      near === undefined ? undefined : `did you mean runch ${near}?`,
    );
  }
  const { verb } = await load();
  const usage = `runch ${name} ${verb.usage}`;
  if (rest[0] === "--help" || rest[0] === "-h") {
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
  const { values, lists, words } = parseOptions(
    rest,
    verb.options,
    verb.passThrough ?? Number.POSITIVE_INFINITY,
  );
  const [least, most] = verb.words;
  if (words.length < least) throw usageError(`${name}: an argument is missing`, usage);
  if (words.length > most) throw usageError(`${name}: too many arguments: ${words[most]}`, usage);
  return verb.run({ root, words, values: { ...before, ...values }, lists, io });
}
