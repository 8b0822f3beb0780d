/** Why a program could not be executed: loaded only then. */
import * as sys from "vz:sys";
import { hasCode, reason, Status, VzError } from "../../../common/errors.ts";
import { S_IFDIR, S_IFMT, S_IFREG } from "../../system/linux.ts";
import { HEAD, readHead } from "./head.ts";
import { environmentValue } from "./path.ts";

const { O_RDONLY, O_NONBLOCK } = sys.constants;

/** A file that shall not be executed, or cannot be. */
export function refusal(path: string, why: string, cause?: unknown): VzError {
  return new VzError(Status.notExecutable, `${path}: ${why}`, cause === undefined ? {} : { cause });
}

/** What a failed attempt means; undefined for "there is nothing at this path". */
export function explain(path: string, error: Error): VzError | undefined {
  let found: sys.Stat | undefined;
  try {
    found = sys.stat(path);
  } catch {
    // nothing there, or not for us to see
  }
  if (hasCode(error, "ENOENT", "ENOTDIR")) {
    return found === undefined ? undefined : refusal(path, `${interpreterOf(path)} is not in the container`);
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
  return refusal(path, why, error);
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

/** The error where no place holds the program, in the words that engines look for in their runtime's errors. */
export function notFound(name: string, env: readonly string[]): VzError {
  const why = name.includes("/")
    ? "no such file or directory"
    : `executable file not found in $PATH (${environmentValue(env, "PATH") ?? "the usual one"})`;
  return new VzError(Status.notFound, `${name}: ${why} in the container`);
}
