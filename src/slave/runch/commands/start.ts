/** The help of `runch start`. The command is in life/start-bundle.ts and life/start-created.ts, so that no start loads this file. */

import { usageError } from "../usage-error.ts";
import { ISOLATION_OPTIONS } from "./options.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "becomes the process of a bundle, or lets the program of a created container go",
  usage: "BUNDLE-DIR | ID",
  details:
    "An argument with a slash, or that names a directory with a config.json, is a bundle: runch becomes its process, under the id " +
    "that is the directory's last name, so that init can supervise it. Else it is the id of a container that create has made.",
  options: ISOLATION_OPTIONS,
  examples: [
    { command: "runch start /var/lib/vz/containers/web-1", does: "As a line of /etc/inittab has it." },
    { command: "runch create -b bundle web && runch start web", does: "In two steps, as engines do it." },
  ],
  words: [1, 1],
  run() {
    throw usageError("start: read its help with runch start --help");
  },
};
