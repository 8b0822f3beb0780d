/** What people need around the roles: help, options, suggestions, completion. Loaded for all but `runch` and `vzexec`. */
import { Args, type Entry, isGroup, type Role } from "../common/command/command.ts";
import { definitions, helpPage } from "../common/command/help.ts";
import { parseArgs } from "../common/command/parse-args.ts";
import { suggest } from "../common/command/suggest.ts";
import { part, version, versionLine } from "../common/command/version.ts";
import { Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";

const MAX_WIDTH = 100;
const widthOf = (columns: number | undefined) => Math.min(columns ?? 80, MAX_WIDTH);
const shown = (roles: readonly Role[]) => roles.filter((role) => role.hidden !== true && isHere(role));
const isHere = (role: Role) => role.operator !== true || part() === "operator";

/** Why a role cannot be played: this is a slave's executable. */
export function roleNotHere(role: Role): VzError {
  // Both parts have vzexec; a slave's lacks only its front-end.
  return notInThisPart(role.operator === true ? (role.words[0] ?? "") : `${role.words[0]} HOSTS -- VERB`);
}

function notInThisPart(what: string): VzError {
  return new VzError(Status.usage, `${what}: not in a slave's part of vz`, {
    hint: "it is in the operator's vz, which put this one here: run it there",
  });
}

/** Finds the command that `words` name, reads its options and runs it; prints its help where they ask for that. */
export async function run(top: Entry, words: readonly string[], io: Io): Promise<number> {
  const { entry, rest } = findCommand(top, words[0]?.startsWith("-") ? [] : words);
  const argv = isGroup(entry) || words[0]?.startsWith("-") ? words : rest;
  if (asksForHelp(entry, argv)) {
    io.out(helpPage(entry, widthOf(io.outColumns)));
    return Status.ok;
  }
  if (isGroup(entry)) {
    const why = argv[0] === undefined ? "which command?" : `unknown option ${argv[0]}`;
    throw new VzError(Status.usage, `${entry.name}: ${why}`, {
      hint: `${entry.name} --help lists the commands`,
    });
  }
  return entry.run(entry.raw ? new Args(argv, {}) : parseArgs(entry, argv), io);
}

/** `vz` with words that name no role: help, version, completion, or an error with a hint. */
export async function general(roles: readonly Role[], words: readonly string[], io: Io): Promise<number> {
  const [word, ...rest] = words;
  switch (word) {
    case undefined:
      io.err(overview(roles, widthOf(io.errColumns)));
      return Status.usage;
    case "help":
    case "--help":
    case "-h":
      return help(roles, rest, io);
    case "completion":
      return completion(roles, rest, io);
    case "version":
    case "--version":
    case "-V":
      io.out(`${versionLine()}\n`);
      return Status.ok;
    default:
      throw noSuchCommand(roles, word);
  }
}

function overview(roles: readonly Role[], width: number): string {
  const rows = shown(roles).map((role) => [role.words[0] ?? "", role.summary] as const);
  const whole = part() === "operator";
  const usage = whole
    ? `       vz help [COMMAND…]        vz help --man >vz.1
       vz completion bash|zsh    vz --version`
    : "       vz help [COMMAND…]        vz --version";
  const links = `runch${whole ? ", vzexec, strace-trace and ldd-trace" : " and vzexec"}`;
  return `vz - a private cloud on the cheapest VPSes there are

usage: vz COMMAND …
${usage}

Commands:
${definitions(rows, width)}

Links to this file named ${links} play that role.
`;
}

function noSuchCommand(roles: readonly Role[], word: string): VzError {
  const near = suggest(word, [
    ...shown(roles).flatMap((one) => one.words),
    "help",
    ...(part() === "slave" ? [] : ["completion"]),
  ]);
  return new VzError(Status.usage, `${word}: no such command`, {
    hint: near === undefined ? "vz help lists the commands" : `did you mean vz ${near}?`,
  });
}

/** Follows `words` from a role to one of its commands. */
function findCommand(entry: Entry, words: readonly string[]): { entry: Entry; rest: readonly string[] } {
  const [word, ...rest] = words;
  if (!isGroup(entry) || word === undefined) return { entry, rest: words };
  const command = Object.hasOwn(entry.commands, word) ? entry.commands[word] : undefined;
  if (command !== undefined) return { entry: command, rest };
  const near = suggest(word, Object.keys(entry.commands));
  throw new VzError(Status.usage, `${entry.name} ${word}: no such command`, {
    hint:
      near === undefined ? `${entry.name} --help lists the commands` : `did you mean ${entry.name} ${near}?`,
  });
}

/** `--help` among a command's own options; not among those of a command that it is to run. */
function asksForHelp(entry: Entry, argv: readonly string[]): boolean {
  const own = isGroup(entry) || entry.passThrough || entry.raw ? argv.slice(0, 1) : argv;
  const end = own.indexOf("--");
  return (end < 0 ? own : own.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

async function chapters(roles: readonly Role[]) {
  return Promise.all(
    shown(roles).map(async ({ words, summary, load }) => ({
      word: words[0] ?? "",
      summary,
      entry: (await load()).default,
    })),
  );
}

/** @throws VzError 64 on a slave, which has no manual */
async function readManual(command: string) {
  if (part() === "slave") throw notInThisPart(command);
  return import("./manual.ts");
}

async function completion(roles: readonly Role[], words: readonly string[], io: Io): Promise<number> {
  const manual = await readManual("completion");
  const [what = "", ...rest] = words;
  if (what === "--words") {
    const found = manual.candidates(await chapters(roles), rest);
    io.out(found.map((word) => `${word}\n`).join(""));
    return Status.ok;
  }
  const script = manual.completionScript(what);
  if (script === undefined) {
    const why = what === "" ? "for which shell?" : `${what}: no such shell`;
    throw new VzError(Status.usage, `completion: ${why}`, {
      hint: "vz completion bash, or zsh",
    });
  }
  io.out(script);
  return Status.ok;
}

async function help(roles: readonly Role[], words: readonly string[], io: Io): Promise<number> {
  const width = widthOf(io.outColumns);
  const [first, ...rest] = words;
  if (first === undefined) {
    io.out(overview(roles, width));
  } else if (first === "--man") {
    const manual = await readManual("help --man");
    io.out(manual.manPage(await chapters(roles), version().version));
  } else {
    const role = roles.find((one) => one.words.includes(first));
    if (role === undefined) throw noSuchCommand(roles, first);
    if (!isHere(role)) throw roleNotHere(role);
    io.out(helpPage(findCommand((await role.load()).default, rest).entry, width));
  }
  return Status.ok;
}
