/**
 * Options as runc takes them: `--name VALUE` or `--name=VALUE`, before the command's name and after it. Read by hand:
 * minimist alone costs more than all the rest of a start.
 */
import type { Option } from "../../common/command.ts";
import { Status, VzError } from "../../common/errors.ts";
import { ISOLATIONS, type Isolation, isIsolation } from "./shortfalls.ts";

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
  ...ISOLATION_OPTIONS,
];

/** Taken from engines and without effect: runch has nothing that they could change. */
const IDLE: readonly Option[] = [
  { name: "debug", help: "" },
  ...["log-level", "rootless", "cgroup-manager"].map((name) => ({ name, value: "WORD", help: "" })),
];

export type Values = Readonly<Record<string, string>>;

export function usageError(why: string, hint = "runch --help"): VzError {
  return new VzError(Status.usage, `runch: ${why}`, { hint });
}

/**
 * @param stop whether the first word that is no option ends the reading; it and all behind it are `words`
 * @throws VzError 64
 */
export function parseOptions(line: readonly string[], known: readonly Option[], stop: boolean) {
  const values: Record<string, string> = {};
  const words: string[] = [];
  let onlyWords = false;
  for (let i = 0; i < line.length; i++) {
    const word = line[i] ?? "";
    if (onlyWords || !word.startsWith("-") || word === "-") {
      if (stop) return { values, words: line.slice(i) };
      words.push(word);
      continue;
    }
    if (word === "--") {
      onlyWords = true;
      continue;
    }
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const option = known.find((one) => name === `--${one.name}` || name === `-${one.alias}`);
    if (option === undefined) throw usageError(`unknown option ${name}`);
    let value = equals < 0 ? undefined : word.slice(equals + 1);
    if (option.value !== undefined) value ??= line[++i];
    else if (value === undefined) value = "true";
    else if (value !== "true" && value !== "false") throw usageError(`${name} takes no value`);
    if (value === undefined || value === "") throw usageError(`${name} needs a value (${option.value})`);
    values[option.name] = value;
  }
  return { values, words };
}

export interface Line {
  /** Options before the command's name. */
  readonly values: Values;
  readonly verb: string;
  readonly rest: readonly string[];
}

/** @throws VzError 64 */
export function parseLine(words: readonly string[]): Line {
  const { values, words: rest } = parseOptions(words, [...GLOBAL_OPTIONS, ...IDLE], true);
  const manager = values["cgroup-manager"] ?? "disabled";
  if (manager !== "disabled") throw usageError(`--cgroup-manager=${manager}: only "disabled" is supported`);
  const [verb] = rest;
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
