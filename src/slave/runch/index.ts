/**
 * `runch`: the OCI container runner. The line that init runs for every container is known here; all others are read by
 * commands/index.ts.
 */
import type { Args, Command } from "../../common/command/command.ts";
import { STATE_DIR } from "../../common/contract/paths.ts";
import type { Io } from "../../common/io.ts";
import defer * as commands from "./commands/index.ts";
import defer * as bundles from "./life/start-bundle.ts";

/** What people read of it is in commands/help.ts: no start of a container has to. */
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
