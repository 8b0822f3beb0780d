/** The command line of `runch`: options before the command, and the commands, each a bundle of its own. */

import { STATE_DIR } from "../../../common/contract/paths.ts";
import { Status } from "../../../common/errors.ts";
import type { Io } from "../../../common/io.ts";
import { absolutePath } from "../../system/files.ts";
import defer * as bundles from "../life/start-bundle.ts";
import defer * as created from "../life/start-created.ts";
import { usageError } from "../usage-error.ts";
import defer * as errorLog from "./error-log.ts";
import { ISOLATION_OPTIONS, isolationFrom, parseLine, parseOptions, type Values } from "./options.ts";
import type { Verb } from "./verb.ts";

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

/** @param words the command line @throws VzError */
export async function runLine(words: readonly string[], io: Io): Promise<number> {
  const { values, verb, rest } = parseLine(words);
  // opened now: the root may change later
  const log = values["log"] === undefined ? -1 : errorLog.openErrorLog(values["log"]);
  try {
    const root = values["root"] === undefined ? STATE_DIR : absolutePath(values["root"]);
    if (verb === "start" && !asksForHelp(rest)) return await start(rest, root, values, log);
    return await runVerb(verb, rest, root, values, io);
  } catch (error) {
    if (log >= 0) errorLog.logError(log, values["log-format"] === "json", error);
    throw error;
  }
}

function asksForHelp([first]: readonly string[]): boolean {
  return first === "--help" || first === "-h";
}

/** Runs `start`. Apart from the other commands, since a bundle that is started takes the descriptor of the log along. */
async function start(rest: readonly string[], root: string, before: Values, log: number): Promise<number> {
  const { values, words } = parseOptions(rest, ISOLATION_OPTIONS, Number.POSITIVE_INFINITY);
  const [word, more] = words;
  if (word === undefined) throw usageError("start: an argument is missing", "runch start BUNDLE-DIR");
  if (more !== undefined) throw usageError(`start: too many arguments: ${more}`, "runch start BUNDLE-DIR");
  if (word.includes("/") || created.isBundle(root, word))
    return bundles.startBundle(root, word, isolationFrom({ ...before, ...values }), log);
  await created.startCreated(root, word);
  return Status.ok;
}

/** @param before options that stood before the command's name */
async function runVerb(
  name: string,
  rest: readonly string[],
  root: string,
  before: Values,
  io: Io,
): Promise<number> {
  const load = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (load === undefined) return (await import("./guidance.ts")).guide(name, Object.keys(VERBS), io);
  const { verb } = await load();
  const usage = `runch ${name} ${verb.usage}`;
  if (asksForHelp(rest)) return (await import("./guidance.ts")).showHelp(name, usage, verb, io);
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
