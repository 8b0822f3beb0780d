/** Pid files, for processes that outlive the command that started them. */
import { readFileSync, rmSync } from "node:fs";
import { hasCode } from "../../common/errors.ts";
import { replaceFile } from "../../common/files.ts";
import { hasEnded, parseProcStat } from "../../common/proc-stat.ts";

/** The pid in a file, or undefined when there is no file or the process has ended. */
export function readPid(path: string): number | undefined {
  let words: string[];
  try {
    words = readFileSync(path, "utf8").split(" ");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  const pid = Number(words[0]);
  return pid > 0 && words[1] === startTime(pid) ? pid : undefined;
}

/** Writes a pid with the process's start time, so that a later process with the same pid is not taken for it. */
export function writePid(path: string, pid: number): void {
  replaceFile(path, `${pid} ${startTime(pid) ?? ""} `, 0o644);
}

export function removePid(path: string): void {
  rmSync(path, { force: true });
}

/** Undefined for a process that has ended. */
function startTime(pid: number): string | undefined {
  try {
    const stat = parseProcStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
    return stat === null || hasEnded(stat) ? undefined : String(stat.starttime);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}
