/** Finds the program that a command names, before anything is run, so that the error is vz's own and clear. */
import { accessSync, constants, statSync } from "node:fs";
import { hasCode, Status, VzError } from "../common/errors.ts";

/**
 * @param name as typed, a string of the file functions
 * @param path value of PATH; where it is not set, nothing is found without a slash
 * @throws VzError 127 or 126, as a shell has them
 */
export function findProgram(name: string, path: string | undefined): string {
  const candidates = name.includes("/")
    ? [name]
    : (path ?? "").split(":").map((dir) => `${dir || "."}/${name}`);
  let refused: string | undefined;
  for (const candidate of candidates) {
    const why = whyNot(candidate);
    if (why === undefined) return candidate;
    if (why !== "") refused ??= why;
  }
  if (name === "" || refused === undefined)
    throw new VzError(Status.notFound, `${name || '""'}: command not found`);
  throw new VzError(Status.notExecutable, `${name}: ${refused}`);
}

/** Why a file cannot be executed; "" where there is none. */
function whyNot(file: string): string | undefined {
  try {
    if (statSync(file).isDirectory()) return "is a directory";
    accessSync(file, constants.X_OK);
    return undefined;
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM")) return "permission denied";
    if (hasCode(error, "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG")) return "";
    throw error;
  }
}
