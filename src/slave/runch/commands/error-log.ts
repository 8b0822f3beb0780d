/** The file of --log, which engines read when runch fails. */
import * as sys from "vz:sys";
import { isVzError, reason } from "../../../common/errors.ts";

const { O_WRONLY, O_CREAT, O_APPEND } = sys.constants;

/** Opens it; has to be called before the root changes. @returns the descriptor */
export function openErrorLog(path: string): number {
  return sys.open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600);
}

/** Writes the line of an error. */
export function logError(fd: number, json: boolean, error: unknown): void {
  const msg = isVzError(error) ? error.message : reason(error);
  const time = new Date().toISOString();
  const line = json
    ? JSON.stringify({ level: "error", msg, time })
    : `time=${JSON.stringify(time)} level=error msg=${JSON.stringify(msg)}`;
  try {
    sys.writeAll(fd, `${line}\n`);
  } catch {
    // the error itself still reaches standard error
  }
}
