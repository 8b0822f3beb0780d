/**
 * `vz load-image FILE`: takes an image into this slave's store, and answers a LoadAnswer as one line of JSON on standard
 * output. Not for people: `vzexec load` runs it as a process of its own (vzexec/verbs/load-upload.ts), so that the
 * archive's code is not part of `vzexec`, and its memory is gone when it has ended. The verb hands on its standard error
 * and exit status. FILE is left where it is.
 */
import type { Command } from "../../common/command/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { loadImage } from "./load.ts";
import { openStore } from "./real-system.ts";

const command: Command = {
  name: "vz load-image",
  summary: "take an image into this slave's store",
  usage: ["vz load-image FILE"],
  options: [{ name: "root", value: "DIR", help: "the data directory, if not /var/lib/vz" }],
  examples: [],
  async run(args, io) {
    const [file, ...more] = args.positional;
    if (file === undefined || more.length > 0) throw new VzError(Status.usage, "vz load-image: one FILE");
    const answer = await loadImage(openStore(args.value("root")), file);
    io.out(`${JSON.stringify(answer)}\n`);
    return Status.ok;
  },
};
export default command;
