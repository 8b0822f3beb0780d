/** What this machine lets us do that other parts of the slave have to know before they begin. */
import { closeSync, fchmodSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import * as sys from "vz:sys";
import { DATA_DIR } from "../common/paths.ts";
import { constant } from "./constant.ts";
import { tryInChild } from "./kernel-grants.ts";
import { exitingElf } from "./probe-elf.ts";

/**
 * ELF classes of programs that run here: [32], or [32, 64].
 * @param directory where containers' programs lie too: /tmp may be mounted noexec
 */
export function runnableElfClasses(directory = dataDirectory()): number[] {
  return [32, 64].filter((bits) => runs(exitingElf(bits === 64 ? 64 : 32), directory));
}

/** The data directory, made where it is missing. */
export function dataDirectory(): string {
  mkdirSync(DATA_DIR, { recursive: true });
  return DATA_DIR;
}

/** Whether a process may have a mount namespace of its own and mount in it. */
export function mountNamespace(): boolean {
  const refusal = tryInChild(() => {
    sys.unshare(constant("CLONE_NEWNS"));
    sys.mount("none", "/", null, constant("MS_REC") | constant("MS_PRIVATE"), null);
    sys.mount("/proc", "/proc", null, constant("MS_BIND"), null);
  });
  return refusal === null;
}

/** Whether a process can be kept from gaining rights by the programs that it executes (prctl(2), Linux 3.5). */
export function noNewPrivileges(): boolean {
  const refusal = tryInChild(() => {
    sys.prctl(constant("PR_SET_NO_NEW_PRIVS"), 1);
  });
  return refusal === null;
}

/** Whether a program that is given by its bytes runs, and ends with status 0. */
function runs(program: Uint8Array, directory: string): boolean {
  const file = `${directory}/.probe-${sys.getpid()}`;
  try {
    rmSync(file, { force: true });
    const fd = openSync(file, "wx", 0o700);
    writeSync(fd, program);
    fchmodSync(fd, 0o700);
    closeSync(fd);
    const pid = sys.spawn(file, ["probe"], { env: [], stdio: [-1, -1, -1] });
    return sys.waitpid(pid)?.code === 0;
  } catch {
    return false;
  } finally {
    rmSync(file, { force: true });
  }
}
