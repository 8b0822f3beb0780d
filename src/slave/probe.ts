/** What this kernel lets us do, found by doing it: what it says of itself can be set by a personality or a host. */
import { closeSync, fchmodSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import * as sys from "vz:sys";
import { DATA_DIR } from "../common/paths.ts";
import { constant } from "./constant.ts";
import { exitingElf } from "./probe-elf.ts";

/** ELF classes of programs that run here: [32], or [32, 64]. */
export function runnableElfClasses(): number[] {
  return [32, 64].filter((bits) => runs(exitingElf(bits === 64 ? 64 : 32)));
}

/** Whether a process may have a mount namespace of its own and mount in it. */
export function mountNamespace(): boolean {
  return inChild(() => {
    sys.unshare(constant("CLONE_NEWNS"));
    sys.mount("none", "/", null, constant("MS_REC") | constant("MS_PRIVATE"), null);
    sys.mount("/proc", "/proc", null, constant("MS_BIND"), null);
  });
}

/** Whether a process can be kept from gaining rights by the programs that it executes (prctl(2), Linux 3.5). */
export function noNewPrivileges(): boolean {
  return inChild(() => {
    sys.prctl(constant("PR_SET_NO_NEW_PRIVS"), 1);
  });
}

/** Whether `work` succeeds in a child process, which ends with it. */
function inChild(work: () => void): boolean {
  const child = sys.fork();
  if (child === 0) {
    let status = 0;
    try {
      work();
    } catch {
      status = 1;
    }
    sys.exit(status);
  }
  return sys.waitpid(child)?.code === 0;
}

/** Runs a program that is given by its bytes, where containers' programs lie too: /tmp may be mounted noexec. */
function runs(program: Uint8Array): boolean {
  mkdirSync(DATA_DIR, { recursive: true });
  const file = `${DATA_DIR}/.probe-${sys.getpid()}`;
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
