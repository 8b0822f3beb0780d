/** What `vz trace` is to do, as its options and its recipe say. What is wrong with it is found before anything runs. */

import { fromFs } from "../common/byte-strings.ts";
import type { Args } from "../common/command/command.ts";
import { checkName } from "../common/contract/names.ts";
import { Status, VzError } from "../common/errors.ts";
import type { Io } from "../common/io.ts";
import type { CheckPlan } from "./check/check.ts";
import defer * as checks from "./check/check.ts";
import {
  isRefused,
  mergeOverrides,
  NO_OVERRIDES,
  type Overrides,
  parseMount,
  parseVariable,
} from "./make/bundle-overrides.ts";
import { imageName } from "./make/image-name.ts";
import type { Product } from "./make/products.ts";
import defer * as products from "./make/products.ts";
import defer * as users from "./make/user-database.ts";
import type { Recipe, RecipeRun } from "./recipe/recipe.ts";
import defer * as recipes from "./recipe/recipe.ts";
import type { Glob } from "./select/glob.ts";
import defer * as globs from "./select/glob.ts";
import { checkWritable, readSpec } from "./select/spec.ts";
import defer * as roots from "./watch/root.ts";
import { stopPlan } from "./watch/stop.ts";

export interface TracePlan {
  /** What the root filesystem is for: the command of a bundle. Empty where only specs are merged. */
  readonly command: readonly string[];
  /** In this order; the files that they need come together. */
  readonly runs: readonly RecipeRun[];
  /** Real name of the root that is traced, "" for this system's. */
  readonly root: string;
  readonly setuid: boolean;
  readonly includes: readonly Glob[];
  readonly excludes: readonly Glob[];
  /** Earlier specs, as their lines stand there. */
  readonly earlier: readonly { readonly file: string; readonly lines: readonly string[] }[];
  /** Where the spec goes. */
  readonly specFile: string;
  readonly product: Product | undefined;
  readonly report: ReportPlan | undefined;
  readonly check: CheckPlan | undefined;
  readonly overrides: Overrides;
}

export interface ReportPlan {
  /** "-" for standard output. */
  readonly file: string;
  readonly json: boolean;
}

/** @throws VzError for what cannot be done */
export async function planTrace(args: Args, io: Io): Promise<TracePlan> {
  const recipeFile = args.value("recipe");
  const recipe = recipeFile === undefined ? undefined : await recipes.readRecipe(recipeFile);
  const command = commandOf(args, recipe);
  const from = [...(recipe?.from ?? []), ...args.values("from")];
  const includes = [
    ...(recipe?.includes ?? []),
    ...args.values("include").map((text) => globs.parseGlob(fromFs(text), false)),
  ];
  const noRun = args.flag("no-run");
  if (noRun && from.length + includes.length === 0)
    throw new VzError(
      Status.usage,
      "vz trace: --no-run: needs --from or --include, or there would be nothing",
    );
  if (command.length === 0 && from.length === 0 && !noRun) {
    throw new VzError(Status.usage, "vz trace: which command?", { hint: "vz trace perl -e 'print 1'" });
  }
  const product = productOf(args, recipe?.name, command);
  const specFile = args.value("output") ?? recipe?.output ?? "spec";
  if (product !== undefined) products.checkProduct(product);
  checkWritable(specFile, "-o");
  const rootGiven = args.value("root") ?? recipe?.root;
  const root = rootGiven === undefined ? "" : roots.rootDirectory(rootGiven);
  const overrides = mergeOverrides({ ...NO_OVERRIDES, ...recipe?.config }, overridesOf(args, io));
  if (typeof overrides.user === "string") users.findUser(overrides.user, root);
  return {
    command,
    runs: noRun ? [] : runsOf(args, recipe, command),
    root,
    setuid: args.flag("setuid") || recipe?.setuid === true,
    includes,
    excludes: [
      ...(recipe?.excludes ?? []),
      ...args.values("exclude").map((text) => globs.parseGlob(fromFs(text), true)),
    ],
    earlier: from.map((file) => ({ file, lines: readSpec(file) })),
    specFile,
    product,
    report: reportPlanOf(args),
    check: checkPlanOf(args, noRun),
    overrides,
  };
}

function commandOf(args: Args, recipe: Recipe | undefined): readonly string[] {
  if (recipe === undefined) return args.positional;
  if (args.positional.length > 0)
    throw new VzError(Status.usage, "vz trace: --recipe says which command: CMD cannot be given with it");
  return recipe.command ?? recipe.config.args ?? [];
}

function runsOf(args: Args, recipe: Recipe | undefined, command: readonly string[]): readonly RecipeRun[] {
  const { seconds, until } = stopPlan(args);
  if (recipe === undefined) return command.length === 0 ? [] : [{ command, seconds, until, exercise: [] }];
  if (seconds !== undefined || until !== undefined)
    throw new VzError(Status.usage, "vz trace: --for and --until stand in the recipe, at each of its runs");
  return recipe.runs;
}

function overridesOf(args: Args, io: Io): Partial<Overrides> {
  const mounts = args.values("mount").map((text) => {
    const parsed = parseMount(text, process.cwd());
    if (isRefused(parsed)) throw new VzError(Status.usage, `--mount ${text}: ${parsed.why}`);
    return parsed;
  });
  const cwd = args.value("cwd");
  if (cwd !== undefined && !cwd.startsWith("/"))
    throw new VzError(Status.usage, `--cwd ${cwd}: not an absolute name`);
  return {
    env: new Map(args.values("env").map((text) => parseVariable(text, io.env))),
    user: args.value("user"),
    cwd,
    mounts,
  };
}

function checkPlanOf(args: Args, noRun: boolean): CheckPlan | undefined {
  const statusOnly = args.flag("check-status");
  const input = args.value("check-input");
  if (!args.flag("check") && !statusOnly) {
    if (input === undefined) return undefined;
    throw new VzError(Status.usage, "vz trace: --check-input: needs --check");
  }
  if (noRun)
    throw new VzError(Status.usage, "vz trace: --check: compares with a run, which --no-run leaves out");
  checks.mayCheck();
  return { statusOnly, input };
}

function reportPlanOf(args: Args): ReportPlan | undefined {
  const file = args.value("report");
  const json = args.flag("json");
  if (file === undefined && json) throw new VzError(Status.usage, "vz trace: --json: needs --report");
  if (file === undefined) return undefined;
  if (file !== "-") checkWritable(file, "--report");
  return { file, json };
}

function productOf(
  args: Args,
  recipeName: string | undefined,
  command: readonly string[],
): Product | undefined {
  const kinds = (["rootfs", "bundle", "image"] as const).filter((kind) => args.value(kind) !== undefined);
  const [kind] = kinds;
  if (kinds.length > 1) throw new VzError(Status.usage, `vz trace: --${kinds.join(" and --")}: choose one`);
  const name = args.value("name");
  if (name !== undefined && kind !== "image")
    throw new VzError(Status.usage, "vz trace: --name: needs --image");
  const configOption = ["env", "user", "cwd", "mount"].find((one) => args.values(one).length > 0);
  if (configOption !== undefined && kind !== "image" && kind !== "bundle")
    throw new VzError(Status.usage, `vz trace: --${configOption}: needs --bundle or --image`);
  if (kind === undefined) return undefined;
  if (kind !== "rootfs" && command.length === 0) {
    const hint = `vz trace --no-run --from SPEC --${kind} … CMD`;
    throw new VzError(Status.usage, `vz trace: --${kind}: of which command?`, { hint });
  }
  const target = args.value(kind) ?? "";
  const checked = kind === "image" ? checkName("image", name ?? recipeName ?? imageName(command)) : "";
  return { kind, target, force: args.flag("force"), name: checked };
}
