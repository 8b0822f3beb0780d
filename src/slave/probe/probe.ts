/** What other parts of the slave must know of this machine before they begin. */
import { mkdirSync } from "node:fs";
import * as sys from "vz:sys";
import { DATA_DIR } from "../../common/contract/paths.ts";
import { tryInChild } from "./kernel-grants.ts";

/** The data directory, made where it is missing. */
export function dataDirectory(): string {
  mkdirSync(DATA_DIR, { recursive: true });
  return DATA_DIR;
}

/** Whether a process may have a mount namespace of its own and mount in it. */
export function mountNamespace(): boolean {
  const refusal = tryInChild(() => {
    sys.unshare(sys.constants.CLONE_NEWNS);
    sys.mount("none", "/", null, sys.constants.MS_REC | sys.constants.MS_PRIVATE, null);
    sys.mount("/proc", "/proc", null, sys.constants.MS_BIND, null);
  });
  return refusal === null;
}

/** Whether a process can be kept from gaining rights by the programs that it executes (prctl(2), Linux 3.5). */
export function noNewPrivileges(): boolean {
  const refusal = tryInChild(() => {
    sys.prctl(sys.constants.PR_SET_NO_NEW_PRIVS, 1);
  });
  return refusal === null;
}
