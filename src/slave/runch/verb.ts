/** A command of `runch` behind the first word: what its help page is printed from, and what it does. */
import type { Example, Option } from "../../common/command.ts";
import type { Io } from "../../common/io.ts";
import type { Values } from "./options.ts";

/** A command's words and options, those before its name included. */
export interface Call {
  /** Where the state of containers is kept. */
  readonly root: string;
  readonly words: readonly string[];
  readonly values: Values;
  readonly io: Io;
}

export interface Verb {
  readonly summary: string;
  /** Behind `runch NAME`. */
  readonly usage: string;
  readonly options: readonly Option[];
  readonly examples?: readonly Example[];
  /** Paragraphs between the summary and the options. */
  readonly details?: string;
  /** How many words it takes: [least, most]. */
  readonly words: readonly [number, number];
  run(call: Call): Promise<number> | number;
}
