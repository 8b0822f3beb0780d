/** How the lab calls ssh. */
import type { LabPaths } from "./host/state.ts";

/** The command line of ssh; the user's own configuration has no say. */
export function sshCommand(paths: LabPaths, address: string, command: readonly string[]): string[] {
  const options = {
    BatchMode: "yes",
    ConnectTimeout: "5",
    IdentitiesOnly: "yes",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: paths.knownHosts,
    LogLevel: "ERROR",
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["ssh", "-F", "none", "-i", paths.key, ...flags, `root@${address}`, ...command];
}
