/** Which programs this machine runs, found by starting one of each kind: a personality can change what a kernel says of itself. */
import { closeSync, fchmodSync, openSync, rmSync, writeSync } from "node:fs";
import * as sys from "vz:sys";
import { NATIVE, PROBED, type Probed, probeElf } from "../../common/elf/probe.ts";
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";

/** Errors of writing that another place may not give. */
const NO_ROOM = ["ENOSPC", "EDQUOT", "EROFS", "ENOENT"];

/**
 * Architectures of programs that the kernel itself runs. A program that ends at its first system call does not count, nor does
 * one that an emulator runs.
 * @param place directory to try them in
 * @param others directories to try instead when the disk of `place` is full or read-only, or `place` is missing
 * @throws VzError 71 where they cannot be written, or cannot be started because the place is mounted noexec
 */
export function runnableArchitectures(place: string, others: readonly string[] = []): Probed[] {
  // A filter of system calls ends a program by SIGSYS, which writes a core file.
  sys.setrlimit(sys.constants.RLIMIT_CORE, 0, sys.getrlimit(sys.constants.RLIMIT_CORE).hard);
  let first: VzError | undefined;
  for (const directory of [place, ...others]) {
    try {
      return PROBED.filter((architecture) => runs(probeElf(architecture), directory));
    } catch (cause) {
      const why = `${directory}: no program can be tried there: ${reason(cause)}`;
      first ??= new VzError(Status.osError, why, { cause });
      if (!hasCode(cause, ...NO_ROOM)) break;
    }
  }
  throw first;
}

/** Whether a program that is given by its bytes runs. @throws where it cannot be written, or nothing can be started there */
function runs(program: Uint8Array, directory: string): boolean {
  const file = `${directory}/.probe-${sys.getpid()}`;
  try {
    rmSync(file, { force: true });
    const fd = openSync(file, "wx", 0o700);
    try {
      writeSync(fd, program);
      fchmodSync(fd, 0o700);
    } finally {
      closeSync(fd);
    }
    return statusOf(file) === NATIVE;
  } finally {
    rmSync(file, { force: true });
  }
}

/** How the program ends; undefined where the kernel refuses it. @throws where the directory is mounted noexec */
function statusOf(file: string): number | undefined {
  let pid: number;
  try {
    pid = sys.spawn(file, ["probe"], { env: [], stdio: [-1, -1, -1] });
  } catch (error) {
    if (hasCode(error, "EACCES")) throw error;
    return undefined;
  }
  return sys.waitpid(pid)?.code;
}
