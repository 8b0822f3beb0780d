/** What this machine lets us do that takes files of our own: programs of either class, calls newer than our kernel floor. */
import { closeSync, fchmodSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import * as sys from "vz:sys";
import { DATA_DIR } from "../common/paths.ts";
import { constant } from "./constant.ts";
import { tryInChild } from "./kernel-grants.ts";
import { callingElf, exitingElf } from "./probe-elf.ts";

/**
 * ELF classes of programs that run here: [32], or [32, 64].
 * @param directory where containers' programs lie too: /tmp may be mounted noexec
 */
export function runnableElfClasses(directory = dataDirectory()): number[] {
  return [32, 64].filter((bits) => statusOf(exitingElf(bits === 64 ? 64 : 32), directory) === 0);
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

/** Numbers of i386; those above 423 are the same on every machine (include/uapi/asm-generic/unistd.h). */
export const NEWER_CALLS = { openat2: 437, mount_setattr: 442 } as const;

/** Linux's errno of a call that there is not, and of one that a filter refuses. */
const ENOSYS = 38;
const EPERM = 1;

/**
 * Why a system call is not to be had, in words; null where the kernel has it and answers it.
 * @param directory as for runnableElfClasses
 */
export function tryCall(number: number, directory: string): string | null {
  const errno = statusOf(callingElf(number), directory);
  if (errno === ENOSYS) return "this kernel does not have it";
  if (errno === EPERM) return "a filter refuses it";
  return errno === undefined ? "it could not be tried" : null;
}

/** The exit status of a program that is given by its bytes; undefined where it cannot run. */
function statusOf(program: Uint8Array, directory: string): number | undefined {
  const file = `${directory}/.probe-${sys.getpid()}`;
  try {
    rmSync(file, { force: true });
    const fd = openSync(file, "wx", 0o700);
    writeSync(fd, program);
    fchmodSync(fd, 0o700);
    closeSync(fd);
    const pid = sys.spawn(file, ["probe"], { env: [], stdio: [-1, -1, -1] });
    return sys.waitpid(pid)?.code;
  } catch {
    return undefined;
  } finally {
    rmSync(file, { force: true });
  }
}
