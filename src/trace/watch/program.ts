/** Finds the program that a command names, before anything is run, so that the error is vz's own and clear. */
import { accessSync, constants } from "node:fs";
import { fromFs } from "../../common/byte-strings.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import { Walker } from "../names/walk.ts";

/** What execvp(3) searches where PATH is not set. */
const NO_PATH = "/bin:/usr/bin";

/**
 * @param name as typed, a string of the file functions
 * @param path value of PATH; an empty part, and so an empty PATH, is `cwd`
 * @param cwd where relative names start, a byte string
 * @param walker of the root in which it is looked for
 * @returns an absolute name, a byte string; ".." stays in it, for what that means depends on links
 * @throws VzError 127 or 126, as a shell has them
 */
export function findProgram(
  name: string,
  path: string | undefined,
  cwd: string = fromFs(process.cwd()),
  walker: Walker = new Walker(),
): string {
  const typed = fromFs(name);
  const candidates = name.includes("/")
    ? [typed]
    : fromFs(path ?? NO_PATH)
        .split(":")
        .map((dir) => `${dir || "."}/${typed}`);
  let refused: string | undefined;
  for (const candidate of candidates) {
    const absolute = candidate.startsWith("/") ? candidate : `${cwd === "/" ? "" : cwd}/${candidate}`;
    const why = whyNot(absolute, walker);
    if (why === undefined) return absolute;
    if (why !== "") refused ??= why;
  }
  const where = walker.root === "" ? "" : ` in ${walker.root}`;
  if (name === "" || refused === undefined)
    throw new VzError(Status.notFound, `${name || '""'}: command not found${where}`);
  throw new VzError(Status.notExecutable, `${name}: ${refused}`);
}

/** Why a file cannot be executed; "" where there is none. */
function whyNot(file: string, walker: Walker): string | undefined {
  const place = walker.resolve(file);
  if (place === undefined) return "";
  if (place.type === "directory") return "is a directory";
  try {
    accessSync(walker.fs(place.path), constants.X_OK);
    return undefined;
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM")) return "permission denied";
    if (hasCode(error, "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG")) return "";
    throw error;
  }
}
