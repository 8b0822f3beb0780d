/**
 * A recipe: how to exercise a program so that a trace sees all that it needs, and what else is to be in its root and its
 * bundle. Read only when there is one. Names in it are relative to its own directory.
 */
import { dirname, resolve } from "node:path";
import { fromFs } from "../../common/byte-strings.ts";
import { checkName } from "../../common/contract/names.ts";
import type { YamlFile } from "../../common/yaml-file.ts";
import type { Overrides } from "../make/bundle-overrides.ts";
import { type Glob, parseGlob } from "../select/glob.ts";
import { readRecipeConfig } from "./recipe-config.ts";
import { YamlNode } from "./yaml-reader.ts";

/** One run that is traced; what ends it, and what is done to it meanwhile. */
export interface RecipeRun {
  readonly command: readonly string[];
  /** Command of the shell that succeeds once the program is up. */
  readonly until: string | undefined;
  readonly seconds: number | undefined;
  /** Commands that use the running program, untraced, one after the other, once `until` succeeded. */
  readonly exercise: readonly (readonly string[])[];
}

export interface Recipe {
  readonly command: readonly string[] | undefined;
  readonly runs: readonly RecipeRun[];
  readonly includes: readonly Glob[];
  readonly excludes: readonly Glob[];
  readonly from: readonly string[];
  readonly root: string | undefined;
  readonly output: string | undefined;
  readonly name: string | undefined;
  readonly setuid: boolean;
  readonly config: Partial<Overrides>;
}

const KEYS = ["command", "run", "include", "exclude", "from", "root", "output", "name", "setuid", "config"];
const RUN_KEYS = ["command", "until", "for", "exercise"];

/** @throws VzError 78 with `FILE:LINE:COLUMN` */
export async function readRecipe(file: string): Promise<Recipe> {
  const { parseYaml, readYamlFile } = await import("../../common/yaml-file.ts");
  return parseRecipe(parseYaml(readYamlFile(file, "vz help trace tells what a recipe is"), file), file);
}

/** @param file its name, for errors; names in it are relative to its directory */
export function parseRecipe(yaml: YamlFile, file: string): Recipe {
  const top = new YamlNode(yaml);
  const keys = top.map(KEYS);
  const directory = dirname(resolve(file));
  const command = keys.has("command") ? commandOf(need(keys, "command")) : undefined;
  const list = (key: string) => keys.get(key)?.list() ?? [];
  const globs = (key: string, anywhere: boolean) =>
    list(key).map((node) => node.reading(() => parseGlob(fromFs(node.text()), anywhere)));
  const path = (key: string) => {
    const node = keys.get(key);
    return node === undefined ? undefined : resolve(directory, node.text());
  };
  const name = keys.get("name");
  const config = keys.get("config");
  const runs = keys.has("run") ? list("run").map((node) => runOf(node, command)) : undefined;
  if (command === undefined && runs === undefined && !keys.has("from"))
    top.refuse("neither command, run nor from");
  if (runs?.length === 0 && !keys.has("from") && !keys.has("include"))
    keys.get("run")?.refuse("no run, and neither from nor include: there would be nothing");
  return {
    command: command ?? runs?.[0]?.command,
    runs: runs ?? (command === undefined ? [] : [plainRun(command)]),
    includes: globs("include", false),
    excludes: globs("exclude", true),
    from: list("from").map((node) => resolve(directory, node.text())),
    root: path("root"),
    output: path("output"),
    name: name?.reading(() => checkName("image", name.text())),
    setuid: keys.get("setuid")?.flag() ?? false,
    config: config === undefined ? {} : readRecipeConfig(config, directory),
  };
}

/** A run of a command that ends by itself. */
function plainRun(command: readonly string[]): RecipeRun {
  return { command, until: undefined, seconds: undefined, exercise: [] };
}

function need(keys: ReadonlyMap<string, YamlNode>, key: string): YamlNode {
  const node = keys.get(key);
  if (node === undefined) throw new Error(`no key ${key}`);
  return node;
}

function runOf(node: YamlNode, command: readonly string[] | undefined): RecipeRun {
  const keys = node.map(RUN_KEYS);
  const own = keys.get("command");
  const exercise = keys.get("exercise");
  const until = keys.get("until");
  const words = own === undefined ? command : commandOf(own);
  if (words === undefined) return node.refuse("command is missing");
  if (exercise !== undefined && until === undefined)
    exercise.refuse("without until, nobody knows when the program is up");
  return {
    command: words,
    until: until?.text(),
    seconds: keys.get("for")?.seconds(),
    exercise: exercise?.list().map(commandOf) ?? [],
  };
}

/** A list of words, or a text for the shell. */
function commandOf(node: YamlNode): readonly string[] {
  if (typeof node.value === "string") return ["/bin/sh", "-c", node.text()];
  const words = node.list().map((one) => one.word());
  if (words[0] === undefined || words[0] === "") return node.refuse("no command");
  return words;
}
