/** `runch create`: everything but the program itself. */
import { Status } from "../../../common/errors.ts";
import { launchContainer } from "../life/launch.ts";
import { CREATE_OPTIONS, launchOptions } from "./create-options.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "sets a container up; start ID lets its program go",
  usage: "[-b BUNDLE-DIR] [--pid-file FILE] ID",
  options: CREATE_OPTIONS,
  examples: [
    { command: "runch create -b bundle web && runch start web", does: "In two steps, as engines do it." },
  ],
  words: [1, 1],
  async run(call) {
    await launchContainer(launchOptions(call, true, () => -1));
    return Status.ok;
  },
};
