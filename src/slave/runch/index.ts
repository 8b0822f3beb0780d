/** `runch`: the OCI container runner. Its commands and options are runc's, see options.ts. */
import * as sys from "vz:sys";
import type { Args, Command } from "../../common/command.ts";
import { hasCode, isVzError, reason, Status } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { STATE_DIR } from "../../common/paths.ts";
import { version } from "../../common/version.ts";
import { absolutePath } from "./files.ts";
import { GLOBAL_OPTIONS, type ParsedLine, parseLine, VERBS } from "./options.ts";
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
  if (verb === "start" && isBundle(id)) startBundle(root, id, line.isolation);
  if (verb === "start" || verb === "run" || verb === "create") {
    return (await import("./runch-run.ts")).runCommand(line, root);
  }
  io.out((await import("./runch-manage.ts")).manage(line, root));
  return Status.ok;
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
