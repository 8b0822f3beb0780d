/** What `create` and `run` have in common on the command line. */
import * as sys from "vz:sys";
import type { Option } from "../../../common/command/command.ts";
import { failed } from "../../system/failure.ts";
import type { LaunchOptions } from "../life/model.ts";
import { usageError } from "../usage-error.ts";
import { ISOLATION_OPTIONS, isolationFrom } from "./options.ts";
import type { Call } from "./verb.ts";

export const CREATE_OPTIONS: readonly Option[] = [
  { name: "bundle", alias: "b", value: "DIR", help: "the bundle; the current directory when absent" },
  { name: "config", alias: "f", value: "FILE", help: "instead of the bundle's config.json" },
  { name: "pid-file", value: "FILE", help: "write the pid of the container's process there" },
  { name: "console-socket", value: "SOCKET", help: "Unix socket that takes the terminal of the container" },
  { name: "preserve-fds", value: "N", help: "let the container inherit descriptors 3 to 2+N" },
  { name: "no-pivot", help: "move the root mount instead of pivot_root(2)" },
  { name: "no-new-keyring", help: "keep the session keyring of the caller" },
  { name: "no-subreaper", help: "accepted; runch never is one" },
  ...ISOLATION_OPTIONS,
];

export function preserveFrom(text: string | undefined): number {
  const preserve = Number(text ?? 0);
  if (!Number.isInteger(preserve) || preserve < 0 || preserve > 1000)
    throw usageError(`--preserve-fds=${text}: not a number of descriptors`);
  return preserve;
}

/** A connection to `path`. @throws VzError 125 */
export function connectConsole(path: string): number {
  try {
    return sys.unixConnect(path);
  } catch (error) {
    throw failed(`--console-socket ${path}`, error);
  }
}

/** @param console as in LaunchOptions; called where there is no --console-socket */
export function launchOptions(
  { root, words, values }: Call,
  create: boolean,
  console: () => number,
): LaunchOptions {
  const socket = values["console-socket"];
  return {
    root,
    id: words[0] ?? "",
    bundle: values["bundle"] ?? ".",
    config: values["config"],
    isolation: isolationFrom(values),
    pidFile: values["pid-file"],
    meanwhile: () => {},
    preserve: preserveFrom(values["preserve-fds"]),
    create,
    consoleSocket: socket !== undefined,
    console: socket === undefined ? console : () => connectConsole(socket),
    keyring: values["no-new-keyring"] !== "true",
    pivot: values["no-pivot"] !== "true",
    cgroups: values["cgroup-manager"] !== "disabled",
  };
}
