/** Finding the program and becoming it; which of 126 and 127 it is when that fails. */
import * as sys from "vz:sys";
import { hasCode, isSystemError, isVzError, reason, Status, VzError } from "../../common/errors.ts";
import { S_IFDIR, S_IFMT, S_IFREG } from "./linux.ts";
import { HEAD, isOlder, readHead } from "./program-check.ts";
import { candidates, environmentValue } from "./program-path.ts";

const { O_RDONLY = 0, O_NONBLOCK = 0, X_OK = 1 } = sys.constants;

function refuse(path: string, why: string, cause?: unknown): VzError {
  return new VzError(Status.notExecutable, `${path}: ${why}`, cause === undefined ? {} : { cause });
}

/** Our own executable, as far as /proc shows it: found out while the machine's /proc is there. */
let own: sys.Stat | null = null;

export function rememberExecutable(): void {
  try {
    own = sys.stat("/proc/self/exe");
  } catch {
    // without /proc nobody gets at it that way
  }
}

/**
 * A program that the kernel would start and then regret. Our own file, which /proc/self/exe of a container may lead to, would
 * be executed inside and could be written there by the next process that opens it.
 * @throws VzError 126; a system call's failure where there is nothing
 */
function inspect(path: string, depth = 0): void {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK);
  try {
    const { dev, ino, mode } = sys.fstat(fd);
    if (own !== null && own.dev === dev && own.ino === ino)
      throw refuse(path, "is runch itself, which no container may have");
    if ((mode & S_IFMT) !== S_IFREG) return;
    const bytes = new Uint8Array(HEAD);
    const { interpreter, kernelFloor } = readHead(bytes.subarray(0, sys.read(fd, bytes, 0, HEAD)));
    if (kernelFloor !== null) {
      const { release } = sys.uname();
      if (isOlder(release, kernelFloor))
        throw refuse(path, `is made for Linux ${kernelFloor} and newer, this is ${release}`);
    }
    if (interpreter !== null && depth < 4) inspect(interpreter, depth + 1);
  } catch (error) {
    // execve(2) itself tells what is wrong with an interpreter
    if (isVzError(error) || depth === 0) throw error;
  } finally {
    sys.close(fd);
  }
}

/** Runs `act` on each place where the program may be; returns the first that it does not throw for. */
function search(name: string, env: readonly string[], act: (path: string) => void): string {
  const paths = candidates(name, env);
  let denied: VzError | undefined;
  for (const path of paths) {
    try {
      try {
        inspect(path);
      } catch (error) {
        // a program may be executable and not readable
        if (!hasCode(error, "EACCES", "ENXIO", "ETXTBSY")) throw error;
      }
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
  // in the words that engines look for in what their runtime says
  const why = name.includes("/")
    ? "no such file or directory"
    : `executable file not found in $PATH (${environmentValue(env, "PATH") ?? "the usual one"})`;
  throw new VzError(Status.notFound, `${name}: ${why} in the container`);
}

/** What a failed attempt means; undefined for "there is nothing at this path". */
function explain(path: string, error: Error): VzError | undefined {
  let found: sys.Stat | undefined;
  try {
    found = sys.stat(path);
  } catch {
    // nothing there, or not for us to see
  }
  if (hasCode(error, "ENOENT", "ENOTDIR")) {
    return found === undefined ? undefined : refuse(path, `${interpreterOf(path)} is not in the container`);
  }
  const type = (found?.mode ?? 0) & S_IFMT;
  const mode = (found?.mode ?? 0) & 0o7777;
  const why =
    hasCode(error, "EACCES") && type === S_IFDIR
      ? "is a directory"
      : hasCode(error, "EACCES") && type === S_IFREG && (mode & 0o111) === 0
        ? `permission denied: not executable (its mode is ${mode.toString(8).padStart(4, "0")})`
        : hasCode(error, "ENOEXEC")
          ? "not a program for this machine, and no script with a #! line"
          : reason(error);
  return refuse(path, why, error);
}

/** What the kernel looks for in vain when it says ENOENT for a file that exists. */
function interpreterOf(path: string): string {
  try {
    const fd = sys.open(path, O_RDONLY | O_NONBLOCK);
    const bytes = new Uint8Array(HEAD);
    const { interpreter } = readHead(bytes.subarray(0, sys.read(fd, bytes, 0, HEAD)));
    sys.close(fd);
    if (interpreter !== null) return `its interpreter ${JSON.stringify(interpreter)}`;
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
    if ((sys.stat(path).mode & S_IFMT) === S_IFDIR) sys.execve(path, args, env);
  });
}
