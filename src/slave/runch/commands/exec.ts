/** `runch exec` */
import * as sys from "vz:sys";
import { Status, VzError } from "../../../common/errors.ts";
import { readText, readTextIfAny } from "../../system/files.ts";
import { runnerFailure } from "../../system/runner-failure.ts";
import { execProcess } from "../life/exec.ts";
import { waitOnly } from "../life/wait.ts";
import * as register from "../state/register.ts";
import { usageError } from "../usage-error.ts";
import { connectConsole, preserveFrom } from "./create-options.ts";
import { execConfig } from "./exec-plan.ts";
import { ISOLATION_OPTIONS, isolationFrom } from "./options.ts";
import { statusNow } from "./show.ts";
import type { Verb } from "./verb.ts";

/** An invalid process is a failure of the runner, as an invalid bundle is. */
function asRunner<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw runnerFailure(error);
  }
}

export const verb: Verb = {
  summary: "starts one more process in a container",
  usage: "[-d] [-t] [-u UID[:GID]] [-e NAME=VALUE]… [--cwd DIR] ID PROGRAM [ARGUMENT…]",
  options: [
    { name: "cwd", value: "DIR", help: "its working directory" },
    { name: "env", alias: "e", value: "NAME=VALUE", repeat: true, help: "one more variable" },
    { name: "tty", alias: "t", help: "give it a terminal" },
    { name: "user", alias: "u", value: "UID[:GID]", help: "whom it runs as" },
    { name: "additional-gids", alias: "g", value: "GID", repeat: true, help: "its other groups" },
    {
      name: "process",
      alias: "p",
      value: "FILE",
      help: "all of it as JSON, in the form of config.json's process",
    },
    { name: "detach", alias: "d", help: "leave it running and return" },
    { name: "pid-file", value: "FILE", help: "write its pid there" },
    { name: "console-socket", value: "SOCKET", help: "Unix socket that takes its terminal" },
    { name: "cap", alias: "c", value: "CAP_NAME", repeat: true, help: "one more capability" },
    { name: "no-new-privs", help: "keep it from gaining rights" },
    { name: "apparmor", value: "PROFILE", help: "its AppArmor profile" },
    { name: "process-label", value: "LABEL", help: "its SELinux label" },
    { name: "preserve-fds", value: "N", help: "let it inherit descriptors 3 to 2+N" },
    { name: "cgroup", value: "PATH", help: "in this cgroup below the container's" },
    { name: "ignore-paused", help: "start it in a paused container: it waits there" },
    { name: "no-subreaper", help: "accepted; runch never is one" },
    ...ISOLATION_OPTIONS,
  ],
  examples: [
    { command: "runch exec web cat /etc/hosts", does: "Ends with the status of cat." },
    { command: "runch exec -t web sh", does: "A shell inside, at this terminal." },
  ],
  words: [1, Number.POSITIVE_INFINITY],
  passThrough: 1,
  async run(call) {
    const { root, words, values } = call;
    const id = words[0] ?? "";
    const state = register.needState(root, id);
    const status = await statusNow(state);
    if (status === "paused" && values["ignore-paused"] !== "true")
      throw new VzError(Status.failed, `container ${id}: is paused`, {
        hint: `runch resume ${id}, or --ignore-paused`,
      });
    if (status !== "running" && status !== "created" && status !== "paused")
      throw new VzError(Status.failed, `container ${id}: is ${status}`);
    const cgroup = values["cgroup"]?.replace(/^\/+|\/+$/g, "") ?? "";
    if (cgroup.split("/").includes(".."))
      throw usageError(`--cgroup=${values["cgroup"]}: leads out of the container's`);
    const text = readTextIfAny(register.configFile(root, id)) ?? readText(`${state.bundle}/config.json`);
    const detach = values["detach"] === "true";
    const socket = values["console-socket"];
    let terminal: [number, number] | null = null;
    const console = () => {
      if (socket !== undefined) return connectConsole(socket);
      if (detach) throw usageError("exec: a terminal needs --console-socket where nobody waits");
      terminal = sys.socketpair();
      return terminal[1];
    };
    if (!detach) sys.blockSignals();
    const planned = asRunner(() => execConfig(text, call));
    const pid = await execProcess({
      ...planned,
      state,
      isolation: isolationFrom(values),
      pidFile: values["pid-file"],
      preserve: preserveFrom(values["preserve-fds"]),
      cgroup,
      console,
    });
    return detach ? Status.ok : waitOnly(pid, terminal);
  },
};
