/** Finding the program and becoming it; which of 126 and 127 it is when that fails. */
import * as sys from "vz:sys";
import { hasCode, isSystemError, reason, Status, VzError } from "../../common/errors.ts";
import { S_IFDIR, S_IFMT, S_IFREG } from "./linux.ts";
import { candidates, environmentValue } from "./program-path.ts";

const { O_RDONLY = 0, O_NONBLOCK = 0, X_OK = 1 } = sys.constants;

/** Runs `act` on each place where the program may be; returns the first that it does not throw for. */
function search(name: string, env: readonly string[], act: (path: string) => void): string {
  const paths = candidates(name, env);
  let denied: VzError | undefined;
  for (const path of paths) {
    try {
      act(path);
      return path;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      const failure = explain(path, error);
      // as execvp(3): a file that may not be executed does not end the search, but is what is told if nothing is found
      if (failure !== undefined && !hasCode(error, "EACCES")) throw failure;
      denied ??= failure;
    }
  }
  if (denied !== undefined) throw denied;
  const where = name.includes("/") ? "" : ` in PATH (${environmentValue(env, "PATH") ?? "the usual one"})`;
  throw new VzError(Status.notFound, `${name}: no such program${where} in the container`);
}

/** What a failed attempt means; undefined for "there is nothing at this path". */
function explain(path: string, error: Error): VzError | undefined {
  const found = typeAndMode(path);
  if (hasCode(error, "ENOENT", "ENOTDIR")) {
    if (found === undefined) return undefined;
    return new VzError(Status.notExecutable, `${path}: ${interpreterOf(path)} is not in the container`);
  }
  const why =
    hasCode(error, "EACCES") && found?.type === S_IFDIR
      ? "is a directory"
      : hasCode(error, "EACCES") && found?.type === S_IFREG && (found.mode & 0o111) === 0
        ? `not executable (its mode is ${(found.mode & 0o7777).toString(8).padStart(4, "0")})`
        : hasCode(error, "ENOEXEC")
          ? "not a program for this machine, and no script with a #! line"
          : reason(error);
  return new VzError(Status.notExecutable, `${path}: ${why}`, { cause: error });
}

function typeAndMode(path: string): { type: number; mode: number } | undefined {
  try {
    const { mode } = sys.stat(path);
    return { type: mode & S_IFMT, mode };
  } catch {
    return undefined;
  }
}

/** What the kernel looks for in vain when it says ENOENT for a file that exists. */
function interpreterOf(path: string): string {
  try {
    const fd = sys.open(path, O_RDONLY | O_NONBLOCK);
    const bytes = new Uint8Array(256);
    const n = sys.read(fd, bytes, 0, bytes.length);
    sys.close(fd);
    const line = sys.fsDecode(bytes, 0, n).split("\n")[0] ?? "";
    const interpreter = /^#![ \t]*([^ \t]+)/.exec(line)?.[1];
    if (interpreter !== undefined) return `its interpreter ${JSON.stringify(interpreter)}`;
  } catch {
    // readable or not, something that it needs is missing
  }
  return "its dynamic loader";
}

/** Becomes the program. @throws VzError 126 or 127 */
export function executeProgram(args: readonly string[], env: readonly string[]): never {
  search(args[0] ?? "", env, (path) => sys.execve(path, args, env));
  throw new Error("execve returned");
}

/** The same search without becoming it, for `create`, whose caller is to learn of it before `start`. */
export function checkProgram(args: readonly string[], env: readonly string[]): void {
  search(args[0] ?? "", env, (path) => {
    sys.access(path, X_OK);
    if (typeAndMode(path)?.type === S_IFDIR) sys.execve(path, args, env);
  });
}
