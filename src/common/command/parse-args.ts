/** Reads a command's words by its options. Not in command.ts, since `runch` and `vzexec` start without it. */
import minimist from "minimist";
import { Status, VzError } from "../errors.ts";
import { Args, type Command, helpTopic } from "./command.ts";
import { suggest } from "./suggest.ts";

/** Parses `argv` by the options of `command`. @throws VzError 64 for an unknown option or a missing value */
export function parseArgs(command: Command, argv: readonly string[]): Args {
  const bad = (why: string, hint?: string) =>
    new VzError(Status.usage, `${command.name}: ${why}`, { hint: hint ?? `vz help ${helpTopic(command)}` });
  // minimist takes names that every object inherits ("constructor") for known options, and crashes.
  const inherited = ownOptions(command, argv).find((word) => optionName(word) in Object.prototype);
  if (inherited !== undefined) throw bad(`unknown option ${inherited}`);
  const valued = command.options.filter((option) => option.value !== undefined);
  const known = new Set(command.options.flatMap((option) => [option.name, option.alias ?? option.name]));
  const parsed = minimist(withFlagsSpelt(command, argv), {
    string: ["_", ...valued.map((option) => option.name)],
    boolean: command.options.filter((option) => option.value === undefined).map((option) => option.name),
    alias: Object.fromEntries(command.options.flatMap((o) => (o.alias ? [[o.alias, o.name]] : []))),
    stopEarly: command.passThrough ?? false,
    "--": true,
    unknown(word) {
      if (!word.startsWith("-") || word === "-") return true;
      const name = optionName(word);
      const near = suggest(
        name,
        [...known].filter((option) => option.length > 1),
      );
      throw bad(`unknown option ${word}`, near === undefined ? undefined : `did you mean --${near}?`);
    },
  });
  for (const option of valued) {
    const value: unknown = parsed[option.name];
    if (value === undefined) continue;
    const all: unknown[] = Array.isArray(value) ? value : [value];
    if (all.some((one) => one === "" || typeof one !== "string")) {
      throw bad(`--${option.name} needs a value (${option.value})`);
    }
    if (all.length > 1 && !option.repeat) throw bad(`--${option.name} was given ${all.length} times`);
  }
  const [own, behind] = [parsed._, parsed["--"] ?? []].map((words) => words.map(String));
  return new Args([...(own ?? []), ...(behind ?? [])], parsed, own?.length);
}

/** minimist takes "true" or "false" behind a flag for its value; flags of ours have no values: `vz trace --force true`. */
function withFlagsSpelt(command: Command, argv: readonly string[]): string[] {
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--" || (command.passThrough && !word.startsWith("-"))) return [...words, ...argv.slice(i)];
    const option = command.options.find(({ name, alias }) => word === `--${name}` || word === `-${alias}`);
    if (option === undefined) words.push(word);
    else if (option.value === undefined) words.push(`--${option.name}=true`);
    else words.push(word, ...argv.slice(++i, i + 1));
  }
  return words;
}

/** Words that look like options of the command itself. */
function ownOptions(command: Command, argv: readonly string[]): string[] {
  const end = argv.findIndex((word) => word === "--" || (command.passThrough && !word.startsWith("-")));
  return argv.slice(0, end < 0 ? argv.length : end).filter((word) => word.startsWith("-"));
}

function optionName(word: string): string {
  return word.replace(/^-+(no-)?/, "").replace(/=.*$/s, "");
}
