/**
 * Options as runc takes them: `--name VALUE` or `--name=VALUE`, before the command's name and after it. Read by hand:
 * minimist alone costs more than all the rest of a start.
 */
import type { Option } from "../../../common/command/command.ts";
import { ISOLATIONS, type Isolation, isIsolation } from "../shortfalls.ts";
import { usageError } from "../usage-error.ts";
import defer * as advice from "./option-advice.ts";

export const ISOLATION_OPTIONS: readonly Option[] = [
  {
    name: "isolation",
    value: "auto|strict|chroot",
    help: "auto (the default): what the kernel grants, the rest is told; strict: all that is asked for, or nothing; chroot: no namespaces",
  },
  { name: "strict", help: "short for --isolation=strict" },
];

export const GLOBAL_OPTIONS: readonly Option[] = [
  { name: "root", value: "DIR", help: "where the state of containers is kept (/run/vz)" },
  { name: "log", value: "FILE", help: "append errors to FILE as well" },
  { name: "log-format", value: "text|json", help: "form of the lines in that file" },
  { name: "version", alias: "v", help: "print the versions of runch and of the specification" },
  ...ISOLATION_OPTIONS,
];

/** Options that engines pass; those that nothing reads have no effect here. */
const IDLE: readonly Option[] = [
  { name: "help", alias: "h", help: "" },
  { name: "debug", help: "" },
  { name: "systemd-cgroup", help: "" },
  ...["log-level", "rootless", "cgroup-manager", "criu"].map((name) => ({ name, value: "WORD", help: "" })),
];

export type Values = Readonly<Record<string, string>>;

export interface Parsed {
  /** The last value of each. */
  readonly values: Values;
  /** All values of those that may be given many times. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly words: readonly string[];
}

/**
 * @param stop how many words come before the options end; 0: they end at the first word; Infinity: they do not end
 * @throws VzError 64
 */
export function parseOptions(line: readonly string[], known: readonly Option[], stop: number): Parsed {
  const values: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  const words: string[] = [];
  for (let i = 0; i < line.length; i++) {
    const word = line[i] ?? "";
    if (word === "--") return { values, lists, words: words.concat(line.slice(i + 1)) };
    const isWord = !word.startsWith("-") || word === "-";
    if (words.length >= stop && (isWord || stop > 0))
      return { values, lists, words: words.concat(line.slice(i)) };
    if (isWord) {
      words.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const option = known.find((one) => name === `--${one.name}` || name === `-${one.alias}`);
    if (option === undefined) throw advice.unknownOption(name, known);
    let value = equals < 0 ? undefined : word.slice(equals + 1);
    if (option.value !== undefined) value ??= line[++i];
    else if (value === undefined) value = "true";
    else if (value !== "true" && value !== "false") throw usageError(`${name} takes no value`);
    if (value === undefined || value === "") throw usageError(`${name} needs a value (${option.value})`);
    values[option.name] = value;
    if (option.repeat) {
      const all = lists[option.name] ?? [];
      all.push(value);
      lists[option.name] = all;
    }
  }
  return { values, lists, words };
}

export interface Line {
  /** Options before the command's name. */
  readonly values: Values;
  readonly verb: string;
  readonly rest: readonly string[];
}

/** @throws VzError 64 */
export function parseLine(words: readonly string[]): Line {
  const { values, words: rest } = parseOptions(words, [...GLOBAL_OPTIONS, ...IDLE], 0);
  const manager = values["cgroup-manager"] ?? "cgroupfs";
  if (manager !== "cgroupfs" && manager !== "disabled")
    throw usageError(`--cgroup-manager=${manager}: neither cgroupfs nor disabled`);
  const format = values["log-format"] ?? "text";
  if (format !== "text" && format !== "json")
    throw usageError(`--log-format=${format}: neither text nor json`);
  if (values["systemd-cgroup"] === "true")
    throw usageError("--systemd-cgroup: runch asks no systemd for cgroups");
  // --help and --version become commands, which guidance.ts answers
  const [verb] = values["help"] === "true" ? ["help"] : values["version"] === "true" ? ["version"] : rest;
  if (verb === undefined) throw usageError("which command?");
  return { values, verb, rest: rest.slice(1) };
}

/** @throws VzError 64 for a word that is none, or two that differ */
export function isolationFrom(values: Values): Isolation | undefined {
  const strict = values["strict"] === "true";
  const asked = values["isolation"];
  if (asked === undefined) return strict ? "strict" : undefined;
  if (!isIsolation(asked)) throw usageError(`--isolation=${asked}: not one of ${ISOLATIONS.join(", ")}`);
  if (strict && asked !== "strict")
    throw usageError(`--strict and --isolation=${asked} contradict each other`);
  return asked;
}
