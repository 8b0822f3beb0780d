/**
 * A command is one file that holds its name, its help and its action; the help on screen and in the man page is printed
 * from the same constant, so that they cannot drift apart.
 */
import type { Io } from "../io.ts";

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
  /** Options end at the first word that is no option: for commands that run another ("strace-trace CMD…"). */
  readonly passThrough?: boolean;
  /** The command reads its own words: `run` gets all of them as positional (runch has options before its commands). */
  readonly raw?: boolean;
  run(args: Args, io: Io): Promise<number>;
}

export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  /** Paragraphs behind the commands. */
  readonly details?: string;
  readonly commands: Readonly<Record<string, Command>>;
  /** Finds and runs the command, where words may come from elsewhere than the command line (`vzexec`: from sshd). */
  play?(words: readonly string[], io: Io): Promise<number>;
}

export type Entry = Command | CommandGroup;

export function isGroup(entry: Entry): entry is CommandGroup {
  return "commands" in entry;
}

/** What the executable can be: a row of the dispatcher's table. */
export interface Role {
  /** First words of `vz WORD …` that play it. */
  readonly words: readonly string[];
  /** Names of links to the executable (argv[0]) that play it. */
  readonly links: readonly string[];
  readonly summary: string;
  /** A slave's vz does not have it. */
  readonly operator?: boolean;
  /** For vz's own use: not in the help. */
  readonly hidden?: boolean;
  /** @param words those behind the role's own; absent for its help */
  load(words?: readonly string[]): Promise<{ default: Entry }>;
}

/** Parsed arguments of one command. */
export class Args {
  readonly positional: readonly string[];
  /** How many of `positional` came before `--`. */
  readonly own: number;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(
    positional: readonly string[],
    values: Readonly<Record<string, unknown>>,
    own = positional.length,
  ) {
    this.positional = positional;
    this.own = own;
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

/** The words after `vz help` that lead to this command. */
export function helpTopic(entry: Entry): string {
  return entry.name.replace(/^vz /, "");
}
