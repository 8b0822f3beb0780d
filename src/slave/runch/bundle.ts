/** Reading a bundle: its config.json, what vz's annotations say, and the plan. */
import { Annotation } from "../../common/annotations.ts";
import { hasCode, isSystemError, isVzError, reason, Status, VzError } from "../../common/errors.ts";
import { badConfig, type OciConfig, readConfig } from "../../common/oci.ts";
import { failure } from "./failure.ts";
import { readText } from "./files.ts";
import { makePlan, type Plan } from "./plan.ts";
import { ISOLATIONS, type Isolation, isIsolation, Shortfalls } from "./shortfalls.ts";

export interface VzAnnotations {
  readonly log: string | undefined;
  /** Bytes; Infinity for no limit. */
  readonly logLimit: number;
  readonly backoff: boolean;
  readonly isolation: Isolation;
}

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

export interface Bundle {
  readonly config: OciConfig;
  readonly vz: VzAnnotations;
  readonly plan: Plan;
  readonly short: Shortfalls;
  /** Fields in config.json that no version of the specification has. */
  readonly unknown: readonly string[];
}

/**
 * @param bundle absolute path
 * @param isolation what the command line asks for, before the annotation
 */
export function loadBundle(bundle: string, form: "exec" | "fork", isolation: Isolation | undefined): Bundle {
  let text: string;
  try {
    text = readText(`${bundle}/config.json`);
  } catch (error) {
    const why = hasCode(error, "ENOENT") ? "no config.json there" : reason(error);
    throw failure(`bundle ${bundle}: ${why}`);
  }
  const { config, unknown } = readConfig(text);
  const vz = readAnnotations(config);
  const shared = config.annotations?.[Annotation.sharedRoot] === "true";
  const short = new Shortfalls(isolation ?? vz.isolation, shared ? "root.readonly" : "");
  return { config, vz, plan: makePlan(config, { bundle, form }, short), short, unknown };
}

/** The line that names fields nobody knows: they must be passed over, so they are at least not passed over in silence. */
export function unknownLine(id: string, unknown: readonly string[]): string {
  return unknown.length === 0
    ? ""
    : `runch: ${id}: config.json: unknown and ignored: ${unknown.join(", ")}\n`;
}

/** Any failure on the way to a container's process as one of 125, 126 and 127; a wrong command line stays 64. */
export function runnerFailure(error: unknown): VzError {
  if (isVzError(error)) {
    const { status, message, hint } = error;
    if (status === Status.usage || (status >= Status.runnerFailed && status <= Status.notFound)) return error;
    return new VzError(
      Status.runnerFailed,
      message,
      hint === undefined ? { cause: error } : { hint, cause: error },
    );
  }
  const what = isSystemError(error)
    ? `${error.syscall}${error.path === undefined ? "" : ` ${error.path}`}: `
    : "";
  return new VzError(Status.runnerFailed, `${what}${reason(error)}`, { cause: error });
}
