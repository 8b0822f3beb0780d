/** What `runch exec` starts: a process as in config.json, from a file, or from the command line and the container's own process. */
import {
  type OciConfig,
  type OciProcess,
  parseJson,
  processReader,
  readConfig,
} from "../../../common/oci/oci.ts";
import { badConfig } from "../../../common/oci/oci-read.ts";
import { failed } from "../../system/failure.ts";
import { readText } from "../../system/files.ts";
import { checkEnvironment } from "../config/plan.ts";
import { usageError } from "../usage-error.ts";
import type { Call } from "./verb.ts";

function number(text: string | undefined, option: string): number {
  if (text === undefined || !/^\d{1,10}$/.test(text) || Number(text) > 0xfffffffe)
    throw usageError(`${option}: ${text ?? ""}: not a number`);
  return Number(text);
}

/** "UID" or "UID:GID"; no names, which only the image knows. */
function userFrom(text: string): { uid: number; gid?: number } {
  const [uid, gid] = text.split(":");
  return gid === undefined
    ? { uid: number(uid, "--user") }
    : { uid: number(uid, "--user"), gid: number(gid, "--user") };
}

/** `given` in place of lines of the same names: most programs take the first line that they find. */
function withReplaced(env: readonly string[], given: readonly string[]): readonly string[] {
  const nameOf = (line: string) => line.split("=", 1)[0];
  const names = new Set(given.map(nameOf));
  return [...env.filter((line) => !names.has(nameOf(line))), ...given];
}

/** The container's process with what the command line says instead. */
function fromCommandLine(own: OciProcess, { words, values, lists }: Call): OciProcess {
  const user = values["user"] === undefined ? own.user : { ...own.user, ...userFrom(values["user"]) };
  const groups = (lists["additional-gids"] ?? []).flatMap((list) => list.split(","));
  const added = lists["cap"] ?? [];
  const sets = own.capabilities ?? {};
  const withAdded = (set: readonly string[] | undefined) => [...new Set([...(set ?? []), ...added])];
  return {
    ...own,
    args: words.slice(1),
    terminal: values["tty"] === "true",
    cwd: values["cwd"] ?? own.cwd,
    env: withReplaced(own.env ?? [], lists["env"] ?? []),
    ...(user === undefined && groups.length === 0
      ? {}
      : {
          user: {
            ...user,
            additionalGids:
              groups.length > 0
                ? groups.map((group) => number(group, "--additional-gids"))
                : (user?.additionalGids ?? []),
          },
        }),
    ...(added.length === 0
      ? {}
      : {
          capabilities: {
            ...sets,
            bounding: withAdded(sets.bounding),
            effective: withAdded(sets.effective),
            permitted: withAdded(sets.permitted),
          },
        }),
    ...(values["no-new-privs"] === undefined ? {} : { noNewPrivileges: values["no-new-privs"] === "true" }),
    ...(values["apparmor"] === undefined ? {} : { apparmorProfile: values["apparmor"] }),
    ...(values["process-label"] === undefined ? {} : { selinuxLabel: values["process-label"] }),
  };
}

function readProcess(file: string): string {
  try {
    return readText(file);
  } catch (error) {
    throw failed(`--process ${file}`, error);
  }
}

/**
 * @param configText config.json of the container
 * @returns its config with the process to start in place of its own
 * @throws VzError 64, 78
 */
export function execConfig(configText: string, call: Call): { config: OciConfig; unknown: string[] } {
  const { config } = readConfig(configText);
  const file = call.values["process"];
  const unknown: string[] = [];
  let process: OciProcess;
  if (file !== undefined) {
    if (call.words.length > 1) throw usageError("exec: a command and --process are one too many");
    process = processReader(parseJson(readProcess(file), file), "process", unknown);
    if (call.values["tty"] === "true") process = { ...process, terminal: true };
  } else {
    if (config.process === undefined) throw badConfig("process", "missing");
    process = fromCommandLine(config.process, call);
  }
  if ((process.args ?? []).length === 0) throw usageError("exec: which program?", "runch exec ID PROGRAM…");
  if (!process.cwd.startsWith("/")) throw badConfig("process.cwd", "not an absolute path");
  checkEnvironment(process.env ?? []);
  return { config: { ...config, process }, unknown };
}
