/**
 * `runch`: the OCI container runner. `start BUNDLE-DIR`, which init runs for every container, is read with this file; the
 * other commands are bundles of their own.
 */
import * as sys from "vz:sys";
import type { Args, Command } from "../../common/command.ts";
import { hasCode, isVzError, reason, Status } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { STATE_DIR } from "../../common/paths.ts";
import { absolutePath } from "./files.ts";
import {
  ISOLATION_OPTIONS,
  isolationFrom,
  parseLine,
  parseOptions,
  usageError,
  type Values,
} from "./options.ts";
import { startBundle } from "./start.ts";
import { isAlive, readState } from "./state-store.ts";

const { O_WRONLY = 0, O_CREAT = 0, O_APPEND = 0, F_OK = 0 } = sys.constants;

/** What people read of it is in runch-help.ts: no start of a container has to. */
const command: Command = {
  name: "runch",
  summary: "OCI container runner",
  usage: [],
  options: [],
  examples: [],
  raw: true,
  async run(args: Args, io: Io): Promise<number> {
    const { values, verb, rest } = parseLine(args.positional);
    // opened now: later the root may be another one
    const log = openLog(values);
    try {
      const root = values["root"] === undefined ? STATE_DIR : absolutePath(values["root"]);
      if (verb === "start" && !asksForHelp(rest)) return await start(rest, root, values, log);
      return await (await import("./commands/index.ts")).runVerb(verb, rest, root, values, io);
    } catch (error) {
      if (log >= 0) logError(log, values["log-format"] === "json", error);
      throw error;
    }
  },
};
export default command;

function asksForHelp([first]: readonly string[]): boolean {
  return first === "--help" || first === "-h";
}

/**
 * An argument is a bundle if it has a slash or names a directory with a config.json; else it is an id. So is the name of a
 * container that lives, as one does after `create`, whatever directories there are.
 */
function isBundle(word: string, root: string): boolean {
  if (word.includes("/")) return true;
  const state = readState(root, word);
  if (state !== null && isAlive(state)) return false;
  try {
    sys.access(`${word}/config.json`, F_OK);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return false;
    throw error;
  }
}

async function start(rest: readonly string[], root: string, before: Values, log: number): Promise<number> {
  const { values, words } = parseOptions(rest, ISOLATION_OPTIONS, Number.POSITIVE_INFINITY);
  const [word, more] = words;
  if (word === undefined) throw usageError("start: an argument is missing", "runch start BUNDLE-DIR");
  if (more !== undefined) throw usageError(`start: too many arguments: ${more}`, "runch start BUNDLE-DIR");
  if (isBundle(word, root)) return startBundle(root, word, isolationFrom({ ...before, ...values }), log);
  await (await import("./start-created.ts")).startCreated(root, word);
  return Status.ok;
}

function openLog(values: Values): number {
  const path = values["log"];
  return path === undefined ? -1 : sys.open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600);
}

/** The line that engines read when runch fails. */
function logError(fd: number, json: boolean, error: unknown): void {
  const msg = isVzError(error) ? error.message : reason(error);
  const time = new Date().toISOString();
  const line = json
    ? JSON.stringify({ level: "error", msg, time })
    : `time=${JSON.stringify(time)} level=error msg=${JSON.stringify(msg)}`;
  try {
    sys.writeAll(fd, `${line}\n`);
  } catch {
    // the error itself still reaches standard error
  }
}
