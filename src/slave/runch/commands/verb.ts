/** A command of `runch`: one file of commands/ each, read only when it is called. */
import type { Example, Option } from "../../../common/command/command.ts";
import type { Io } from "../../../common/io.ts";
import type { Values } from "./options.ts";

/** A command's words and options, those before its name included. */
export interface Call {
  /** Where the states are kept. */
  readonly root: string;
  readonly words: readonly string[];
  readonly values: Values;
  /** Options that may be given many times, with all their values. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly io: Io;
}

export interface Verb {
  readonly summary: string;
  /** Behind the command's name. */
  readonly usage: string;
  readonly options: readonly Option[];
  readonly examples: readonly Example[];
  /** Paragraphs between the summary and the options. */
  readonly details?: string;
  /** How many words it takes: [least, most]. */
  readonly words: readonly [number, number];
  /** Options end at the word with this index: what follows is another program's. */
  readonly passThrough?: number;
  run(call: Call): Promise<number> | number;
}
