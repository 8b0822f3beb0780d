/** `runch run`: creates, starts and waits for the end, all in one. */
import * as sys from "vz:sys";
import { Status } from "../../../common/errors.ts";
import { launchContainer } from "../life/launch.ts";
import { waitAndClean } from "../life/wait.ts";
import { CREATE_OPTIONS, launchOptions } from "./create-options.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "starts a container and waits for its end, or leaves it behind",
  usage: "[-d] [-b BUNDLE-DIR] [--pid-file FILE] ID",
  options: [
    ...CREATE_OPTIONS,
    { name: "detach", alias: "d", help: "leave it running and return" },
    { name: "keep", help: "keep the state after its end" },
  ],
  examples: [
    { command: "runch run -b bundle web", does: "In the foreground; ends with the status of its program." },
    { command: "runch run -d -b bundle web; runch kill web; runch delete web", does: "Left behind." },
  ],
  words: [1, 1],
  async run(call) {
    const { root, values } = call;
    if (values["detach"] === "true") {
      await launchContainer(launchOptions(call, false, () => -1));
      return Status.ok;
    }
    let terminal: [number, number] | null = null;
    const connect = () => {
      terminal = sys.socketpair();
      return terminal[1];
    };
    const options = { ...launchOptions(call, false, connect), meanwhile: sys.prepareWaiter };
    // a signal would end runch and leave the container behind; blocked, it waits for the process that can pass it on
    sys.blockSignals();
    const { state } = await launchContainer(options);
    return waitAndClean(root, state, terminal, values["keep"] === "true");
  },
};
