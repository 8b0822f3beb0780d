/** The commands of `runch` but `start`, which does not have to read them: a bundle of its own. */
import type { Option } from "../../common/command.ts";
import { Status } from "../../common/errors.ts";
import { helpPage } from "../../common/help.ts";
import type { Io } from "../../common/io.ts";
import { version } from "../../common/version.ts";
import { deleteContainer } from "./delete.ts";
import { featuresVerb } from "./features-verb.ts";
import { killContainer } from "./kill.ts";
import { ISOLATION_OPTIONS, isolationFrom, parseOptions, usageError, type Values } from "./options.ts";
import { showList, showState } from "./show.ts";
import { specVerb } from "./spec-verb.ts";
import type { Call, Verb } from "./verb.ts";

const CREATE: readonly Option[] = [
  { name: "bundle", alias: "b", value: "DIR", help: "the bundle; the current directory when absent" },
  { name: "pid-file", value: "FILE", help: "write the pid of the container's process there" },
  { name: "preserve-fds", value: "N", help: "let the container inherit descriptors 3 to 2+N" },
  { name: "no-subreaper", help: "accepted; runch never is one" },
  { name: "no-new-keyring", help: "accepted; runch makes none" },
  ...ISOLATION_OPTIONS,
];

async function create({ root, words, values }: Call, parked: boolean): Promise<number> {
  const preserve = Number(values["preserve-fds"] ?? 0);
  if (!Number.isInteger(preserve) || preserve < 0 || preserve > 1000) {
    throw usageError(`--preserve-fds=${values["preserve-fds"]}: not a number of descriptors`);
  }
  const { createContainer, runForeground } = await import("./runch-run.ts");
  const options = {
    root,
    id: words[0] ?? "",
    bundle: values["bundle"] ?? ".",
    isolation: isolationFrom(values),
    pidFile: values["pid-file"],
    preserve,
    create: parked,
  };
  if (parked || values["detach"] === "true") {
    createContainer(options);
    return Status.ok;
  }
  const status = await runForeground(options);
  if (values["keep"] !== "true") deleteContainer(root, words[0] ?? "", true);
  return status;
}

function list({ root, values, io }: Call): number {
  const format = values["json"] === "true" ? "json" : (values["format"] ?? "table");
  if (format !== "table" && format !== "json")
    throw usageError(`list: --format=${format}: neither table nor json`);
  io.out(showList(root, format, values["quiet"] === "true"));
  return Status.ok;
}

const VERBS: Readonly<Record<string, Verb>> = {
  spec: specVerb,
  features: featuresVerb,
  run: {
    summary: "starts a container and waits for its end, or leaves it behind",
    usage: "[-d] [-b BUNDLE-DIR] [--pid-file FILE] ID",
    options: [
      ...CREATE,
      { name: "detach", alias: "d", help: "leave it running and return" },
      { name: "keep", help: "keep the state after its end" },
    ],
    words: [1, 1],
    run: (call) => create(call, false),
  },
  create: {
    summary: "sets a container up; start ID lets its program go",
    usage: "[-b BUNDLE-DIR] [--pid-file FILE] ID",
    options: CREATE,
    words: [1, 1],
    run: (call) => create(call, true),
  },
  state: {
    summary: "tells as JSON what a container is doing",
    usage: "ID",
    options: [],
    words: [1, 1],
    run({ root, words, io }) {
      io.out(showState(root, words[0] ?? ""));
      return Status.ok;
    },
  },
  list: {
    summary: "lists the containers",
    usage: "[-q] [--format table|json]",
    options: [
      { name: "format", alias: "f", value: "table|json", help: "for people or for machines" },
      { name: "json", help: "short for --format=json" },
      { name: "quiet", alias: "q", help: "ids alone" },
    ],
    words: [0, 0],
    run: list,
  },
  kill: {
    summary: "sends a signal, TERM when none is given",
    usage: "[--all] ID [SIGNAL]",
    options: [{ name: "all", alias: "a", help: "to every process whose root is the container's" }],
    words: [1, 2],
    run({ root, words, values }) {
      killContainer(root, words[0] ?? "", words[1] ?? "TERM", values["all"] === "true");
      return Status.ok;
    },
  },
  delete: {
    summary: "forgets a container that has ended, and what it left behind",
    usage: "[--force] ID",
    options: [{ name: "force", alias: "f", help: "kill it first; an unknown ID is no error" }],
    words: [1, 1],
    run({ root, words, values }) {
      deleteContainer(root, words[0] ?? "", values["force"] === "true");
      return Status.ok;
    },
  },
};

/** Commands that runc or crun has and this runch does not. */
const LACKING = /^(exec|ps|events|pause|resume|update|checkpoint|restore)$/;
/** Options likewise. */
const LACKING_OPTION = /^--(console-socket|no-pivot|config|pidfd-socket)(=|$)/;

/** @param before options that stood before the command's name */
export function runVerb(
  name: string,
  rest: readonly string[],
  root: string,
  before: Values,
  io: Io,
): Promise<number> | number {
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined)
    throw usageError(`${name}: ${LACKING.test(name) ? "not supported" : "no such command"}`);
  const { summary, options, details, examples = [] } = verb;
  const usage = `runch ${name} ${verb.usage}`.trimEnd();
  if (rest[0] === "--help" || rest[0] === "-h") {
    const page = {
      name: `runch ${name}`,
      summary,
      usage: [usage],
      options,
      examples,
      ...(details === undefined ? {} : { details }),
      run: async () => Status.ok,
    };
    io.out(helpPage(page, Math.min(io.outColumns ?? 80, 100)));
    return Status.ok;
  }
  const lacking = rest.find((word) => LACKING_OPTION.test(word));
  if (lacking !== undefined) throw usageError(`${lacking}: not supported`);
  const { values, words } = parseOptions(rest, options, false);
  const [least, most] = verb.words;
  if (words.length < least) throw usageError(`${name}: an argument is missing`, usage);
  if (words.length > most) throw usageError(`${name}: too many arguments: ${words[most]}`, usage);
  return verb.run({ root, words, values: { ...before, ...values }, io });
}

export function versionText(): string {
  return `runch version ${version().version}\nspec: 1.2.0\n`;
}
