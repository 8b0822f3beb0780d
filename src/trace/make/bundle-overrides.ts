/** What the operator wants changed in a bundle's config.json, which tells what was seen: options, or a recipe's `config`. */
import { resolve } from "node:path";
import { Status, VzError } from "../../common/errors.ts";
import type { OciMount, OciProcess } from "../../common/oci/oci.ts";
import { isPlainPath } from "../../common/plain-path.ts";

/** `process.user` of the specification. */
export type UserIds = NonNullable<OciProcess["user"]>;

export interface Overrides {
  readonly args: readonly string[] | undefined;
  /** Variables to add or change; null removes one. */
  readonly env: ReadonlyMap<string, string | null>;
  /** As `findUser` reads it, or by ids. */
  readonly user: string | UserIds | undefined;
  readonly cwd: string | undefined;
  readonly mounts: readonly OciMount[];
  readonly hostname: string | undefined;
  readonly readonlyRoot: boolean | undefined;
  /** Further fields of `process`, in the words of the OCI specification. */
  readonly process: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

export const NO_OVERRIDES: Overrides = {
  args: undefined,
  env: new Map(),
  user: undefined,
  cwd: undefined,
  mounts: [],
  hostname: undefined,
  readonlyRoot: undefined,
  process: {},
  annotations: undefined,
};

/** Those of `above` win, each by itself; `mounts` of both are kept. */
export function mergeOverrides(below: Overrides, above: Partial<Overrides>): Overrides {
  const given = Object.entries(above).filter(([, value]) => value !== undefined);
  return {
    ...below,
    ...Object.fromEntries(given),
    env: new Map([...below.env, ...(above.env ?? [])]),
    mounts: [...below.mounts, ...(above.mounts ?? [])],
  };
}

/**
 * `NAME=VALUE`, or `NAME` for the value that the run has.
 * @throws VzError 64
 */
export function parseVariable(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): [name: string, value: string] {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  if (name === "") throw new VzError(Status.usage, `--env ${text}: not NAME=VALUE`);
  const value = equals < 0 ? env[name] : text.slice(equals + 1);
  if (value === undefined) throw new VzError(Status.usage, `--env ${name}: is not set`);
  return [name, value];
}

/** What a text means, or why it means nothing. */
export type Parsed<T> = T | { readonly why: string };

/** Whether a reader gave a reason, and no value. */
export function isRefused<T extends object>(parsed: Parsed<T>): parsed is { readonly why: string } {
  return "why" in parsed;
}

/**
 * A mount as `SOURCE:DESTINATION[:OPTION,…]`. SOURCE is a name with a slash, which is bound, or `tmpfs`.
 * @param directory what a relative SOURCE counts from
 */
export function parseMount(text: string, directory: string): Parsed<OciMount> {
  const [source = "", typed = "", words = "", ...rest] = text.split(":");
  const destination = typed.replace(/(.)\/+$/, "$1");
  if (rest.length > 0) return { why: "more than SOURCE:DESTINATION:OPTIONS" };
  if (!isPlainPath(destination)) return { why: "DESTINATION is not an absolute name without .." };
  const options = words.split(",").filter((word) => word !== "");
  if (source === "tmpfs")
    return { destination, type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", ...options] };
  if (!source.includes("/")) return { why: "SOURCE is neither a name with a slash nor tmpfs" };
  return { destination, type: "bind", source: resolve(directory, source), options: ["rbind", ...options] };
}
