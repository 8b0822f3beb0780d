/**
 * `runch`: the OCI container runner. This file reads the command line that init runs for every container; commands/index.ts
 * reads all others.
 */
import type { Args, Command } from "../../common/command/command.ts";
import { STATE_DIR } from "../../common/contract/paths.ts";
import type { Io } from "../../common/io.ts";
import defer * as commands from "./commands/index.ts";
import defer * as bundles from "./life/start-bundle.ts";

/** Its help is in commands/help.ts, so that no start of a container loads it. */
const command: Command = {
  name: "runch",
  summary: "OCI container runner",
  usage: [],
  options: [],
  examples: [],
  raw: true,
  run({ positional }: Args, io: Io): Promise<number> {
    const [verb, word = "", more] = positional;
    // without options, and an argument that can only be a bundle
    if (verb === "start" && word.includes("/") && !word.startsWith("-") && more === undefined)
      return bundles.startBundle(STATE_DIR, word, undefined, -1);
    return commands.runLine(positional, io);
  },
};
export default command;
