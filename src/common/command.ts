/**
 * A command is one file that holds its name, its help and its action; the help on screen and in the man page is printed
 * from the same constant, so that they cannot drift apart.
 */
import minimist from "minimist";
import { Status, VzError } from "./errors.ts";
import type { Io } from "./io.ts";
import { suggest } from "./suggest.ts";

export interface Option {
  /** Long name without dashes. */
  readonly name: string;
  /** One letter. */
  readonly alias?: string;
  /** Placeholder of the value ("FILE"); an option without one is a flag. */
  readonly value?: string;
  /** May be given many times. */
  readonly repeat?: boolean;
  readonly help: string;
}

export interface Example {
  readonly command: string;
  readonly does: string;
}

export interface Command {
  /** As typed, with its role: "vz image build". */
  readonly name: string;
  /** One line, no full stop. */
  readonly summary: string;
  /** Usage lines without the word "usage". */
  readonly usage: readonly string[];
  readonly options: readonly Option[];
  readonly examples: readonly Example[];
  /** Paragraphs between the summary and the options. */
  readonly details?: string;
  /** Options end at the first word that is none: for commands that run another ("strace-trace CMD…"). */
  readonly passThrough?: boolean;
  /** Reads its own words: `run` gets all of them as positional ("runch", with options before its commands). */
  readonly raw?: boolean;
  run(args: Args, io: Io): Promise<number>;
}

export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: Readonly<Record<string, Command>>;
  /** Finds the command itself, for words that may come from elsewhere than the command line (`vzexec`: from sshd). */
  play?(words: readonly string[], io: Io): Promise<number>;
}

export type Entry = Command | CommandGroup;

export function isGroup(entry: Entry): entry is CommandGroup {
  return "commands" in entry;
}

/** Parsed arguments of one command. */
export class Args {
  readonly positional: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(positional: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.positional = positional;
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** The last value given, or undefined. */
  value(name: string): string | undefined {
    return this.values(name).at(-1);
  }

  values(name: string): string[] {
    const value = this.#values[name];
    if (value === undefined || typeof value === "boolean") return [];
    return Array.isArray(value) ? value.map(String) : [String(value)];
  }
}

/** Words of `argv` read by `command`'s options. @throws VzError 64 for an unknown option or a missing value. */
export function parseArgs(command: Command, argv: readonly string[]): Args {
  const bad = (why: string, hint?: string) =>
    new VzError(Status.usage, `${command.name}: ${why}`, { hint: hint ?? `vz help ${helpTopic(command)}` });
  // minimist takes what every object has ("constructor") for a known option, and fails in it.
  const inherited = ownOptions(command, argv).find((word) => optionName(word) in Object.prototype);
  if (inherited !== undefined) throw bad(`unknown option ${inherited}`);
  const valued = command.options.filter((option) => option.value !== undefined);
  const known = new Set(command.options.flatMap((option) => [option.name, option.alias ?? option.name]));
  const parsed = minimist(withFlagsSpelt(command, argv), {
    string: ["_", ...valued.map((option) => option.name)],
    boolean: command.options.filter((option) => option.value === undefined).map((option) => option.name),
    alias: Object.fromEntries(command.options.flatMap((o) => (o.alias ? [[o.alias, o.name]] : []))),
    stopEarly: command.passThrough ?? false,
    unknown(word) {
      if (!word.startsWith("-") || word === "-") return true;
      const name = optionName(word);
      const near = suggest(
        name,
        [...known].filter((option) => option.length > 1),
      );
      throw bad(`unknown option ${word}`, near === undefined ? undefined : `did you mean --${near}?`);
    },
  });
  for (const option of valued) {
    const value: unknown = parsed[option.name];
    if (value === undefined) continue;
    const all: unknown[] = Array.isArray(value) ? value : [value];
    if (all.some((one) => one === "" || typeof one !== "string")) {
      throw bad(`--${option.name} needs a value (${option.value})`);
    }
    if (all.length > 1 && !option.repeat) throw bad(`--${option.name} was given ${all.length} times`);
  }
  return new Args(parsed._.map(String), parsed);
}

/** minimist takes a "true" or "false" behind a flag for its value; a flag of ours has none: `vz trace --force true`. */
function withFlagsSpelt(command: Command, argv: readonly string[]): string[] {
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--" || (command.passThrough && !word.startsWith("-"))) return [...words, ...argv.slice(i)];
    const option = command.options.find(({ name, alias }) => word === `--${name}` || word === `-${alias}`);
    if (option === undefined) words.push(word);
    else if (option.value === undefined) words.push(`--${option.name}=true`);
    else words.push(word, ...argv.slice(++i, i + 1));
  }
  return words;
}

/** Words that look like options of the command itself. */
function ownOptions(command: Command, argv: readonly string[]): string[] {
  const end = argv.findIndex((word) => word === "--" || (command.passThrough && !word.startsWith("-")));
  return argv.slice(0, end < 0 ? argv.length : end).filter((word) => word.startsWith("-"));
}

function optionName(word: string): string {
  return word.replace(/^-+(no-)?/, "").replace(/=.*$/s, "");
}

/** The words after `vz help` that lead to this command. */
export function helpTopic(entry: Entry): string {
  return entry.name.replace(/^vz /, "");
}
