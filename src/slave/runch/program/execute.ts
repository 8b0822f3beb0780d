/** Finds the program and becomes it; status 126 or 127 when that fails. */
import * as sys from "vz:sys";
import { hasCode, isSystemError, isVzError, type VzError } from "../../../common/errors.ts";
import { S_IFMT, S_IFREG } from "../../system/linux.ts";
import { HEAD, isOlder, readHead } from "./head.ts";
import { candidates } from "./path.ts";
import defer * as programFailure from "./why-not.ts";

const { O_RDONLY, O_NONBLOCK, F_OK } = sys.constants;

/** Our own executable; null where /proc does not show it. Looked up while the machine's /proc is there. */
let own: sys.Stat | null = null;

export function rememberExecutable(): void {
  try {
    own = sys.stat("/proc/self/exe");
  } catch {
    // without /proc nobody reaches our file that way
  }
}

/**
 * Refuses programs that the kernel would start, but that must not or cannot run: our own file, to which a container's
 * /proc/self/exe may lead, and which could be written from inside; and a program that is made for a newer kernel.
 * @throws VzError 126; a system call's failure where there is nothing
 */
function inspect(path: string, depth = 0): void {
  const fd = sys.open(path, O_RDONLY | O_NONBLOCK);
  try {
    const { dev, ino, mode } = sys.fstat(fd);
    if (own !== null && own.dev === dev && own.ino === ino)
      throw programFailure.refusal(path, "is runch itself, which no container may have");
    if ((mode & S_IFMT) !== S_IFREG) return;
    const bytes = new Uint8Array(HEAD);
    const { interpreter, kernelFloor } = readHead(bytes.subarray(0, sys.read(fd, bytes, 0, HEAD)));
    if (kernelFloor !== null) {
      const { release } = sys.uname();
      if (isOlder(release, kernelFloor))
        throw programFailure.refusal(path, `is made for Linux ${kernelFloor} and newer, this is ${release}`);
    }
    if (interpreter !== null && depth < 4) inspect(interpreter, depth + 1);
  } catch (error) {
    // execve(2) itself tells what is wrong with an interpreter
    if (isVzError(error) || depth === 0) throw error;
  } finally {
    sys.close(fd);
  }
}

function exists(path: string): boolean {
  try {
    sys.access(path, F_OK);
    return true;
  } catch {
    // nothing there, or not for us to see
    return false;
  }
}

/** Runs `act` on each place where the program may be; returns the first that it does not throw for. */
export function search(name: string, env: readonly string[], act: (path: string) => void): string {
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
      // the next place may have it
      if (hasCode(error, "ENOENT", "ENOTDIR") && !exists(path)) continue;
      const failure = programFailure.explain(path, error);
      // as execvp(3): a file that may not be executed does not end the search, but is the error if nothing is found
      if (failure !== undefined && !hasCode(error, "EACCES")) throw failure;
      denied ??= failure;
    }
  }
  throw denied ?? programFailure.notFound(name, env);
}

/** Becomes the program. @throws VzError 126 or 127 */
export function executeProgram(args: readonly string[], env: readonly string[]): never {
  search(args[0] ?? "", env, (path) => sys.execve(path, args, env));
  throw new Error("execve returned");
}
