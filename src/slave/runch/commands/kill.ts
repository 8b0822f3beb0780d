/** `runch kill`: a signal to the container's process, or to all of them. */
import * as sys from "vz:sys";
import { Status, VzError } from "../../../common/errors.ts";
import { signal } from "../../system/signal.ts";
import { processesOf } from "../life/processes.ts";
import * as register from "../state/register.ts";
import * as store from "../state/state-store.ts";
import { parseSignal } from "./signals.ts";
import type { Verb } from "./verb.ts";

export const verb: Verb = {
  summary: "sends a signal, TERM when none is given",
  usage: "[--all] ID [SIGNAL]",
  options: [{ name: "all", alias: "a", help: "to every process of the container" }],
  examples: [
    { command: "runch kill web HUP", does: "As SIGHUP, hup or 1." },
    { command: "runch kill --all web KILL", does: "Those too that its first process has left behind." },
  ],
  words: [1, 2],
  async run({ root, words: [id = "", name = "TERM"], values }) {
    const number = parseSignal(name, sys.signals);
    const state = register.needState(root, id);
    const alive = store.isAlive(state);
    const all = values["all"] === "true" ? await processesOf(root, state) : [];
    // as with runc, --all is no error where nothing runs
    if (!alive && values["all"] !== "true")
      throw new VzError(Status.failed, `container ${id}: is not running`);
    if (alive) signal(state.pid, number);
    for (const pid of all) if (pid !== state.pid) signal(pid, number);
    return Status.ok;
  },
};
