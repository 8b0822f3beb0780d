/** From a plan to the container's process: what every form of starting one has in common. */
import * as sys from "vz:sys";
import { hasCode, isSystemError } from "../../common/errors.ts";
import { applyCredentials, setOomScore } from "./credentials.ts";
import { makeDevices } from "./devices.ts";
import { changeRoot, enterNamespaces } from "./enter.ts";
import { attempt, failed, failure } from "./failure.ts";
import { makeDirectories, readText } from "./files.ts";
import { S_IFDIR, S_IFMT, S_IFREG } from "./linux.ts";
import { makeMounts, protectPaths } from "./mounts.ts";
import type { Plan } from "./plan.ts";
import { environmentValue, homeOf } from "./program-path.ts";
import type { Shortfalls } from "./shortfalls.ts";

function needRootfs(rootfs: string): void {
  let mode = 0;
  attempt(`root filesystem ${rootfs}`, () => {
    mode = sys.stat(rootfs).mode;
  });
  if ((mode & S_IFMT) !== S_IFDIR) throw failure(`root filesystem ${rootfs}: not a directory`);
}

/** Words for a call that fails where nothing is expected to. */
function plainly(what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const needsRoot = hasCode(error, "EPERM") && sys.geteuid() !== 0;
    throw failed(`${what}: ${error.syscall}`, error, needsRoot ? "runch needs root" : undefined);
  }
}

/**
 * Namespaces, mounts, devices and the root: afterwards the process stands in the container's working directory.
 * @param keep descriptors from 3 on that stay open until a program is executed
 * @param record called before the first mount, with whether the mounts are the container's own
 */
export function setUp(
  plan: Plan,
  short: Shortfalls,
  keep: () => readonly number[],
  record: (own: boolean) => void,
): void {
  needRootfs(plan.rootfs);
  sys.umask(0);
  let own = false;
  plainly("namespaces", () => {
    own = enterNamespaces(plan, short);
  });
  record(own);
  plainly("mounts", () => makeMounts(plan, own, short));
  plainly("devices", () => makeDevices(plan, short));
  plainly("paths", () => protectPaths(plan, own, short));
  setOomScore(plan.credentials.oomScoreAdj, short);
  // before the root changes: a directory left open is a way out of it, and the list of descriptors is in /proc
  sys.closeFrom(3, keep());
  plainly(`root filesystem ${plan.rootfs}`, () => changeRoot(plan.rootfs, own));
  plainly(`process.cwd ${plan.cwd}`, () => {
    try {
      sys.chdir(plan.cwd);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
      makeDirectories(plan.cwd, 0o755);
      sys.chdir(plan.cwd);
    }
  });
}

/** Gives up all rights but the container's, and says what falls short. */
export function dropRights(plan: Plan, short: Shortfalls, id: string): void {
  plainly("credentials", () => applyCredentials(plan.credentials, short));
  const line = short.line(id);
  if (line !== "") complain(line);
}

/** Writes to standard error, if somebody is there. */
export function complain(line: string): void {
  try {
    sys.writeAll(2, line);
  } catch {
    // there is no one to tell
  }
}

/** The container's environment: HOME from its own /etc/passwd where config.json leaves it out, as runc and crun do. */
export function environmentOf(plan: Plan): readonly string[] {
  if (environmentValue(plan.env, "HOME") !== undefined) return plan.env;
  let passwd = "";
  try {
    if ((sys.stat("/etc/passwd").mode & S_IFMT) === S_IFREG) passwd = readText("/etc/passwd");
  } catch {
    // no such file, or not for this user
  }
  return [...plan.env, `HOME=${homeOf(passwd, plan.credentials.uid)}`];
}
