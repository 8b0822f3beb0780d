/** Reading a bundle: its config.json, what vz's annotations say, and the plan. */
import * as sys from "vz:sys";
import { Annotation } from "../../../common/contract/annotations.ts";
import { hasCode, reason } from "../../../common/errors.ts";
import { badConfig, type OciConfig, readConfig } from "../../../common/oci/oci.ts";
import { failure } from "../../system/failure.ts";
import { readText } from "../../system/files.ts";
import { makePlan } from "../config/plan.ts";
import type { Parts, Plan } from "../model.ts";
import { ISOLATIONS, isIsolation, Shortfalls } from "../shortfalls.ts";
import type { Bundle, BundleOptions, VzAnnotations } from "./model.ts";

/** @throws VzError 78 for a value that means nothing */
export function readAnnotations(config: OciConfig): VzAnnotations {
  const value = (name: string) => config.annotations?.[name];
  const bad = (name: string, why: string) => badConfig(`annotations.${name}`, why);
  const log = value(Annotation.log);
  if (log !== undefined && !log.startsWith("/")) throw bad(Annotation.log, "not an absolute path");
  const limit = value(Annotation.logLimit);
  if (limit !== undefined && !/^[1-9]\d{0,14}$/.test(limit))
    throw bad(Annotation.logLimit, "not a number of bytes");
  const backoff = value(Annotation.backoff) ?? "false";
  if (backoff !== "true" && backoff !== "false") throw bad(Annotation.backoff, "neither true nor false");
  const isolation = value(Annotation.isolation) ?? "auto";
  if (!isIsolation(isolation)) throw bad(Annotation.isolation, `not one of ${ISOLATIONS.join(", ")}`);
  return {
    log,
    logLimit: limit === undefined ? Number.POSITIVE_INFINITY : Number(limit),
    backoff: backoff === "true",
    isolation,
  };
}

/** Fields that are planned without any part. */
const PLAIN_LINUX = "namespaces devices maskedPaths readonlyPaths rootfsPropagation personality".split(" ");
const PLAIN_PROCESS =
  "args env cwd user rlimits capabilities noNewPrivileges oomScoreAdj terminal consoleSize commandLine".split(
    " ",
  );

/** Whether some part has work: most bundles of a slave have none, and their start does not look for it. */
function asksForParts({ hooks, linux = {}, process = { cwd: "/" } }: OciConfig, plan: Plan): boolean {
  if (hooks !== undefined || process.terminal || plan.joins.length > 0) return true;
  if (sys.environ.some((line) => line.startsWith("NOTIFY_SOCKET="))) return true;
  if (linux.cgroupsPath !== undefined || linux.resources !== undefined) return true;
  for (const key of Object.keys(linux)) if (!PLAIN_LINUX.includes(key)) return true;
  for (const key of Object.keys(process)) if (!PLAIN_PROCESS.includes(key)) return true;
  for (const type of plan.namespaces) if (type === "user" || type === "time") return true;
  for (const { extended, type, uidMappings, gidMappings } of plan.mounts) {
    if (extended.length > 0 || type.startsWith("cgroup") || (uidMappings ?? gidMappings) !== undefined)
      return true;
  }
  return false;
}

/** @param path absolute */
export async function loadBundle(path: string, options: BundleOptions): Promise<Bundle> {
  const file = options.file ?? `${path}/config.json`;
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    const why = hasCode(error, "ENOENT") ? "no config.json there" : reason(error);
    throw failure(`bundle ${path}: ${why}`);
  }
  const { config, unknown } = readConfig(text);
  const vz = readAnnotations(config);
  const shared = config.annotations?.[Annotation.sharedRoot] === "true";
  const short = new Shortfalls(options.isolation ?? vz.isolation, shared ? "root.readonly" : "");
  const { id, form, console, cgroups } = options;
  const plan = makePlan(config, { bundle: path, form }, short);
  const parts = asksForParts(config, plan)
    ? await (await import("./parts.ts")).planParts({
        config,
        plan,
        options: { id, bundle: path, form, cgroups, unknown, console },
        short,
      })
    : NO_PARTS;
  const given = parts.notify === null ? [] : [parts.notify.variable];
  return { text, config, vz, plan: { ...plan, env: [...plan.env, ...given] }, parts, short, unknown };
}

/** The line that names fields nobody knows: they must be passed over, so they are at least not passed over in silence. */
export function unknownLine(id: string, unknown: readonly string[]): string {
  return unknown.length === 0
    ? ""
    : `runch: ${id}: config.json: unknown and ignored: ${unknown.join(", ")}\n`;
}

/** What a bundle has that asks for none. */
export const NO_PARTS: Parts = {
  hooks: null,
  cgroup: null,
  namespaces: null,
  mounts: null,
  nodes: null,
  notify: null,
  openings: [],
  sysctl: null,
  attributes: [],
  seccomp: null,
  terminal: null,
};
