/** Refused calls leave a trace on the slave: a cheap VPS often runs no syslog daemon, so in a file of our own. */
import * as sys from "vz:sys";
import { DATA_DIR } from "../../common/contract/paths.ts";
import { printable } from "../../common/printable.ts";
import { makeDirectories } from "../system/files.ts";
import { cutLog, openLog } from "../system/log-file.ts";

const REFUSALS_LOG = `${DATA_DIR}/refused.log`;
const LIMIT = 64 * 1024;

/** @param from who called, @param what the words or line, of which the start is kept */
export function recordRefusal(from: string, what: string): void {
  const line = `${new Date().toISOString()} ${printable(from)}: ${printable(what.slice(0, 300))}\n`;
  try {
    makeDirectories(DATA_DIR, 0o755);
    const fd = openLog(REFUSALS_LOG);
    sys.writeAll(fd, line);
    sys.close(fd);
    cutLog(REFUSALS_LOG, LIMIT);
  } catch {
    // A full or read-only disk must not keep us from refusing.
  }
}
