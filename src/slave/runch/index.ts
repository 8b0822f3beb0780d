/** `runch`: the OCI container runner. Its commands and options are runc's, see options.ts. */
import * as sys from "vz:sys";
import type { Args, Command } from "../../common/command.ts";
import { hasCode, isVzError, reason, Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { STATE_DIR } from "../../common/paths.ts";
import { version } from "../../common/version.ts";
import { deleteContainer } from "./delete.ts";
import { absolutePath } from "./files.ts";
import { killContainer } from "./kill.ts";
import { GLOBAL_OPTIONS, type ParsedLine, parseLine, VERBS } from "./options.ts";
import { createContainer, startCreated, waitForeground } from "./run.ts";
import { showList, showState } from "./show.ts";
import { startBundle } from "./start.ts";

const { O_WRONLY = 0, O_CREAT = 0, O_APPEND = 0, F_OK = 0 } = sys.constants;

const command: Command = {
  name: "runch",
  summary: "OCI container runner",
  usage: Object.values(VERBS).map(({ usage }) => `runch [OPTION…] ${usage}`),
  details:
    "start BUNDLE-DIR runs the bundle in the foreground under the id that is its last name, and becomes the container's " +
    "process, so that init can supervise it: no process of runch stays. The other commands are runc's. What the kernel " +
    "cannot give is said on standard error; --strict makes it an error.\n\n" +
    "Exit status: the program's own, 128+n after signal n; 125 when the container cannot be set up, 126 when its program " +
    "cannot be executed, 127 when there is none.",
  options: [...GLOBAL_OPTIONS, ...Object.values(VERBS).flatMap(({ options }) => options)].filter(
    (option, i, all) => option.help !== "" && all.findIndex(({ name }) => name === option.name) === i,
  ),
  examples: [
    { command: "runch start /var/lib/vz/containers/web-1", does: "Becomes the process of this bundle." },
    { command: "runch run -d -b bundle web; runch kill web; runch delete web", does: "As with runc." },
    {
      command: "runch --strict start bundle",
      does: "Fails where the kernel cannot give all that is asked for.",
    },
  ],
  raw: true,
  async run(args: Args, io: Io): Promise<number> {
    const [first] = args.positional;
    if (first === "--version" || first === "-v") {
      io.out(`runch version ${version().version}\nspec: 1.2.0\n`);
      return Status.ok;
    }
    const line = parseLine(args.positional);
    try {
      return await perform(line, io);
    } catch (error) {
      logError(line, error);
      throw error;
    }
  },
};
export default command;

/** `start`'s argument is a bundle if it has a slash or names a directory with a config.json. */
function isBundle(word: string): boolean {
  if (word.includes("/")) return true;
  try {
    sys.access(`${word}/config.json`, F_OK);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return false;
    throw error;
  }
}

async function perform(line: ParsedLine, io: Io): Promise<number> {
  const { verb, values, words } = line;
  const root = values["root"] === undefined ? STATE_DIR : absolutePath(values["root"]);
  const id = words[0] ?? "";
  switch (verb) {
    case "start":
      if (isBundle(id)) startBundle(root, id, line.isolation);
      startCreated(root, id);
      return Status.ok;
    case "run":
    case "create":
      return runOrCreate(line, root, id);
    case "state":
      io.out(showState(root, id));
      return Status.ok;
    case "list":
      io.out(showList(root, listFormat(values), values["quiet"] === "true"));
      return Status.ok;
    case "kill":
      killContainer(root, id, words[1] ?? "TERM", values["all"] === "true");
      return Status.ok;
    default:
      deleteContainer(root, id, values["force"] === "true");
      return Status.ok;
  }
}

async function runOrCreate(
  { verb, values, isolation }: ParsedLine,
  root: string,
  id: string,
): Promise<number> {
  const preserve = Number(values["preserve-fds"] ?? 0);
  if (!Number.isInteger(preserve) || preserve < 0 || preserve > 1000) {
    throw new VzError(
      Status.usage,
      `runch: --preserve-fds=${values["preserve-fds"]}: not a number of descriptors`,
    );
  }
  const pid = createContainer({
    root,
    id,
    bundle: values["bundle"] ?? ".",
    isolation,
    pidFile: values["pid-file"],
    preserve,
    create: verb === "create",
  });
  if (verb === "create" || values["detach"] === "true") return Status.ok;
  const status = await waitForeground(pid);
  if (values["keep"] !== "true") deleteContainer(root, id, true);
  return status;
}

function listFormat(values: ParsedLine["values"]): "table" | "json" {
  const format = values["json"] === "true" ? "json" : (values["format"] ?? "table");
  if (format === "table" || format === "json") return format;
  throw new VzError(Status.usage, `runch list: --format=${format}: neither table nor json`);
}

/** The line that engines read out of --log when runch fails. */
function logError({ values }: ParsedLine, error: unknown): void {
  const path = values["log"];
  if (path === undefined) return;
  const msg = isVzError(error) ? error.message : reason(error);
  const time = new Date().toISOString();
  const line =
    values["log-format"] === "json"
      ? JSON.stringify({ level: "error", msg, time })
      : `time=${JSON.stringify(time)} level=error msg=${JSON.stringify(msg)}`;
  try {
    const fd = sys.open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600);
    sys.writeAll(fd, `${line}\n`);
    sys.close(fd);
  } catch {
    // the error itself still reaches standard error
  }
}
