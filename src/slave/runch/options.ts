/**
 * The command line of runc: options before and after the command's name, values as `--name VALUE` or `--name=VALUE`.
 * Read by hand and by one table, since minimist alone costs more than all the rest of a start.
 */
import type { Option } from "../../common/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { ISOLATIONS, type Isolation, isIsolation } from "./shortfalls.ts";

const ISOLATION: readonly Option[] = [
  {
    name: "isolation",
    value: "auto|strict|chroot",
    help: "auto (the default): what the kernel grants, and a word about the rest; strict: all that config.json asks for, or nothing; chroot: no namespaces at all",
  },
  { name: "strict", help: "short for --isolation=strict" },
];

export const GLOBAL_OPTIONS: readonly Option[] = [
  { name: "root", value: "DIR", help: "where the state of containers is kept (/run/vz)" },
  { name: "log", value: "FILE", help: "append errors to FILE as well" },
  { name: "log-format", value: "text|json", help: "form of the lines in that file" },
  ...ISOLATION,
];

/** Accepted and without effect: runch has nothing that they could change. */
const IDLE: readonly Option[] = [
  { name: "debug", help: "" },
  { name: "log-level", value: "LEVEL", help: "" },
  { name: "rootless", value: "WHEN", help: "" },
  { name: "cgroup-manager", value: "NAME", help: "" },
];
const IDLE_RUN: readonly Option[] = [
  { name: "no-subreaper", help: "" },
  { name: "no-new-keyring", help: "" },
];

const CREATE: readonly Option[] = [
  { name: "bundle", alias: "b", value: "DIR", help: "the bundle; the current directory when absent" },
  { name: "pid-file", value: "FILE", help: "write the pid of the container's process there" },
  { name: "preserve-fds", value: "N", help: "let the container inherit descriptors 3 to 2+N" },
  ...IDLE_RUN,
];

export interface Verb {
  readonly usage: string;
  readonly options: readonly Option[];
  /** How many words it takes: [least, most]. */
  readonly words: readonly [number, number];
}

export const VERBS: Readonly<Record<string, Verb>> = {
  start: { usage: "start BUNDLE-DIR | start ID", options: [], words: [1, 1] },
  run: {
    usage: "run [-d] [-b BUNDLE-DIR] [--pid-file FILE] ID",
    options: [
      ...CREATE,
      { name: "detach", alias: "d", help: "leave it running and return" },
      { name: "keep", help: "keep the state after its end" },
    ],
    words: [1, 1],
  },
  create: { usage: "create [-b BUNDLE-DIR] [--pid-file FILE] ID", options: CREATE, words: [1, 1] },
  state: { usage: "state ID", options: [], words: [1, 1] },
  list: {
    usage: "list [-q] [--format table|json]",
    options: [
      { name: "format", alias: "f", value: "table|json", help: "for people or for machines" },
      { name: "json", help: "short for --format=json" },
      { name: "quiet", alias: "q", help: "ids alone" },
    ],
    words: [0, 0],
  },
  kill: {
    usage: "kill [--all] ID [SIGNAL]",
    options: [{ name: "all", alias: "a", help: "to every process whose root is the container's" }],
    words: [1, 2],
  },
  delete: {
    usage: "delete [--force] ID",
    options: [{ name: "force", alias: "f", help: "kill it first; an unknown ID is no error" }],
    words: [1, 1],
  },
};

/** What runc or crun has and this runch does not. */
const LACKING =
  /^(exec|spec|ps|events|pause|resume|update|features|checkpoint|restore|--(console-socket|no-pivot|config|systemd-cgroup|criu|pidfd-socket))$/;

export interface ParsedLine {
  readonly verb: string;
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, string>>;
  readonly isolation: Isolation | undefined;
}

function usage(why: string, hint = "runch --help"): VzError {
  return new VzError(Status.usage, `runch: ${why}`, { hint });
}

/** @throws VzError 64 */
export function parseLine(line: readonly string[]): ParsedLine {
  const values: Record<string, string> = {};
  const words: string[] = [];
  let verb: string | undefined;
  let known: readonly Option[] = [...GLOBAL_OPTIONS, ...IDLE];
  let onlyWords = false;
  for (let i = 0; i < line.length; i++) {
    const word = line[i] ?? "";
    if (word === "--" && !onlyWords) {
      onlyWords = true;
    } else if (word.startsWith("-") && word !== "-" && !onlyWords) {
      const equals = word.indexOf("=");
      const name = equals < 0 ? word : word.slice(0, equals);
      const option = known.find((one) => name === `--${one.name}` || name === `-${one.alias}`);
      if (option === undefined)
        throw usage(LACKING.test(name) ? `${name}: not supported` : `unknown option ${name}`);
      let value = equals < 0 ? undefined : word.slice(equals + 1);
      if (option.value === undefined) {
        if (value !== undefined && value !== "true" && value !== "false")
          throw usage(`${name} takes no value`);
        value ??= "true";
      } else if (value === undefined) {
        value = line[++i];
      }
      if (value === undefined || value === "") throw usage(`${name} needs a value (${option.value})`);
      values[option.name] = value;
    } else if (verb === undefined) {
      verb = word;
      if (!Object.hasOwn(VERBS, verb)) {
        throw usage(LACKING.test(verb) ? `${verb}: not supported` : `${verb}: no such command`);
      }
      known = [...known.filter(({ name }) => name !== "log-level"), ...(VERBS[verb]?.options ?? [])];
    } else {
      words.push(word);
    }
  }
  if (verb === undefined) throw usage("which command?");
  checkWords(verb, words);
  return { verb, words, values, isolation: isolation(values) };
}

function checkWords(verb: string, words: readonly string[]): void {
  const { usage: form = "", words: [least, most] = [0, 0] } = VERBS[verb] ?? {};
  if (words.length < least) throw usage(`${verb}: an argument is missing`, `runch ${form}`);
  if (words.length > most) throw usage(`${verb}: too many arguments: ${words[most]}`, `runch ${form}`);
}

function isolation(values: Readonly<Record<string, string>>): Isolation | undefined {
  if (values["cgroup-manager"] !== undefined && values["cgroup-manager"] !== "disabled") {
    throw usage(`--cgroup-manager=${values["cgroup-manager"]}: only "disabled" is supported`);
  }
  const strict = values["strict"] === "true";
  const asked = values["isolation"];
  if (asked === undefined) return strict ? "strict" : undefined;
  if (!isIsolation(asked)) throw usage(`--isolation=${asked}: not one of ${ISOLATIONS.join(", ")}`);
  if (strict && asked !== "strict") throw usage(`--strict and --isolation=${asked} contradict each other`);
  return asked;
}
