/** What `vz trace` is to do, as its options say. Whatever is wrong with it is found before anything runs. */
import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import type { Args } from "../common/command.ts";
import { reason, Status, VzError } from "../common/errors.ts";
import { checkName } from "../common/names.ts";
import { type Glob, parseGlob } from "./glob.ts";
import { imageName } from "./image-name.ts";
import { fromFs } from "./names.ts";
import { checkProduct, type Product } from "./products.ts";
import { isSpecial, readSpec } from "./spec.ts";

/** One run of a command that is traced. */
export interface PlannedRun {
  readonly command: readonly string[];
}

export interface TracePlan {
  /** What the root filesystem is for: the command of a bundle. Empty where only specs are merged. */
  readonly command: readonly string[];
  /** In this order; the files that they need come together. */
  readonly runs: readonly PlannedRun[];
  readonly setuid: boolean;
  readonly includes: readonly Glob[];
  readonly excludes: readonly Glob[];
  /** Earlier specs, as their lines stand there. */
  readonly earlier: readonly { readonly file: string; readonly lines: readonly string[] }[];
  /** Where the spec goes. */
  readonly specFile: string;
  readonly product: Product | undefined;
}

/** @throws VzError for what cannot be done */
export function planTrace(args: Args): TracePlan {
  const command = args.positional;
  const from = args.values("from");
  const noRun = args.flag("no-run");
  const includes = args.values("include").map((text) => parseGlob(fromFs(text), false));
  if (noRun && from.length + includes.length === 0)
    throw new VzError(
      Status.usage,
      "vz trace: --no-run: needs --from or --include, or there would be nothing",
    );
  if (command.length === 0 && from.length === 0 && !noRun) {
    throw new VzError(Status.usage, "vz trace: which command?", { hint: "vz trace perl -e 'print 1'" });
  }
  const product = productOf(args, command);
  const specFile = args.value("output") ?? "spec";
  if (product !== undefined) checkProduct(product);
  checkWritable(specFile);
  return {
    command,
    runs: command.length === 0 || noRun ? [] : [{ command }],
    setuid: args.flag("setuid"),
    includes,
    excludes: args.values("exclude").map((text) => parseGlob(fromFs(text), true)),
    earlier: from.map((file) => ({ file, lines: readSpec(file) })),
    specFile,
    product,
  };
}

function productOf(args: Args, command: readonly string[]): Product | undefined {
  const kinds = (["rootfs", "bundle", "image"] as const).filter((kind) => args.value(kind) !== undefined);
  const [kind] = kinds;
  if (kinds.length > 1) throw new VzError(Status.usage, `vz trace: --${kinds.join(" and --")}: choose one`);
  const name = args.value("name");
  if (name !== undefined && kind !== "image")
    throw new VzError(Status.usage, "vz trace: --name: needs --image");
  if (kind === undefined) return undefined;
  if (kind !== "rootfs" && command.length === 0) {
    const hint = `vz trace --no-run --from SPEC --${kind} … CMD`;
    throw new VzError(Status.usage, `vz trace: --${kind}: of which command?`, { hint });
  }
  const target = args.value(kind) ?? "";
  const checked = kind === "image" ? checkName("image", name ?? imageName(command)) : "";
  return { kind, target, force: args.flag("force"), name: checked };
}

/** The run is not to be lost for a file that cannot be written. */
function checkWritable(file: string): void {
  try {
    accessSync(isSpecial(file) ? file : dirname(file), constants.W_OK);
  } catch (cause) {
    throw new VzError(Status.usage, `${file}: cannot be written: ${reason(cause)}`, {
      cause,
      hint: "-o FILE writes it elsewhere",
    });
  }
}
