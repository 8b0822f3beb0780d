/** What people read of `runch`: its help, and its part of the man page. */
import type { Command } from "../../../common/command/command.ts";
import { GLOBAL_OPTIONS } from "./options.ts";

const command: Command = {
  name: "runch",
  summary: "OCI container runner",
  usage: [
    "runch [OPTION…] start BUNDLE-DIR",
    "runch [OPTION…] create|run [-b BUNDLE-DIR] [--pid-file FILE] ID",
    "runch [OPTION…] start ID",
    "runch [OPTION…] exec [-d] [-t] ID PROGRAM [ARGUMENT…]",
    "runch [OPTION…] state ID",
    "runch [OPTION…] list [-q] [--format table|json]",
    "runch [OPTION…] ps [--format table|json] ID",
    "runch [OPTION…] kill [--all] ID [SIGNAL]",
    "runch [OPTION…] pause|resume ID",
    "runch [OPTION…] update [--memory BYTES] [--pids-limit N] … ID",
    "runch [OPTION…] events [--stats] ID",
    "runch [OPTION…] delete [--force] ID",
    "runch spec [-b BUNDLE-DIR] [--rootless]",
    "runch features | --version",
    "runch COMMAND --help",
  ],
  details:
    "start BUNDLE-DIR becomes the container's process, under the id that is the directory's last name, so that init can " +
    "supervise it: no process of runch stays. The other commands are runc's.\n\n" +
    "Exit status: the program's own, 128+n after signal n; 125 when the container cannot be set up, 126 when its program " +
    "cannot be executed, 127 when there is none.",
  options: GLOBAL_OPTIONS,
  examples: [
    { command: "runch start /var/lib/vz/containers/web-1", does: "Becomes the process of this bundle." },
    { command: "runch run -d -b bundle web; runch kill web; runch delete web", does: "As with runc." },
    { command: "runch exec -t web sh", does: "A shell in a container that runs." },
  ],
  raw: true,
  run: async (args, io) => (await import("../index.ts")).default.run(args, io),
};
export default command;
