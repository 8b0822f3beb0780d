/** `runch features` */
import { Status } from "../../../common/errors.ts";
import { features } from "../config/features.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "tells as JSON what runch honours of config.json",
  usage: "",
  details:
    "The document is the specification's (features.md). What this machine's kernel grants of it is found by trying, and stands in " +
    "the annotations vz.kernel.…; vz probe tells more of that.",
  options: [],
  examples: [{ command: "runch features", does: "All of it." }],
  words: [0, 0],
  run({ io }) {
    io.out(features());
    return Status.ok;
  },
};
