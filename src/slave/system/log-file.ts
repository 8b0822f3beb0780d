/**
 * The file that takes a container's output (annotations vz.log, vz.log.limit). Nobody stands between the container and the
 * file, so it is cut back when somebody comes by: at a start, and at each call of `vzexec`.
 */
import * as sys from "vz:sys";

const { O_RDONLY, O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NOCTTY } = sys.constants;

/** Opens the log for appending, made if missing; never follows a link. */
export function openLog(path: string): number {
  return sys.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY, 0o640);
}

/** Standard output and error go to the log from here on, standard input is empty. */
export function redirectOutput(path: string): void {
  const log = openLog(path);
  sys.dup2(log, 1);
  sys.dup2(log, 2);
  sys.close(log);
  const nothing = sys.open("/dev/null", O_RDONLY);
  sys.dup2(nothing, 0);
  sys.close(nothing);
}

/** Size of the log in bytes; 0 where there is none. */
export function logSize(path: string): number {
  try {
    return Number(sys.lstat(path).size);
  } catch {
    return 0;
  }
}

export { cutLog } from "./cut-log.ts";
