/** From a plan to the container's process: what every form of starting one has in common, done by that process itself. */
import * as sys from "vz:sys";
import { hasCode, isSystemError } from "../../../common/errors.ts";
import { complain } from "../../system/complain.ts";
import { failed, failure } from "../../system/failure.ts";
import { makeDirectories, readText } from "../../system/files.ts";
import { S_IFMT, S_IFREG } from "../../system/linux.ts";
import { makeDevices } from "../devices/make.ts";
import defer * as hookStates from "../hooks/state.ts";
import type { Credentials, OutsideTask } from "../model.ts";
import { within } from "../mounts/inside.ts";
import { makeMounts, protectPaths } from "../mounts/make.ts";
import { changeRoot, makeNamespaces } from "../namespaces/make.ts";
import { applyCredentials } from "../process/credentials.ts";
import { executeProgram } from "../program/execute.ts";
import { environmentValue, homeOf } from "../program/path.ts";
import type { Bundle } from "./model.ts";

const { O_PATH, O_DIRECTORY, PR_SET_DUMPABLE } = sys.constants;

/** The process that becomes the container's, and those that it depends on meanwhile. */
export interface Inside {
  readonly id: string;
  readonly bundle: Bundle;
  /** Changes where a user namespace is refused. */
  credentials: Credentials;
  /** As the machine counts them. */
  pid: number;
  /** Whether pivot_root(2) may be used. */
  readonly pivot: boolean;
  /** Has the process outside do something for this one. */
  ask(task: OutsideTask): void;
  /** Called before the first mount, with whether the mounts are the container's own. */
  record(own: boolean): void;
  /** Descriptors from 3 on that stay open until a program is executed. */
  keep(): number[];
}

/** Runs `act`; a system call that fails unforeseen becomes an error that names `what`. */
export function plainly<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const needsRoot = hasCode(error, "EPERM") && sys.geteuid() !== 0;
    throw failed(`${what}: ${error.syscall}`, error, needsRoot ? "runch needs root" : undefined);
  }
}

function openRoot(rootfs: string): number {
  try {
    return sys.open(rootfs, O_PATH | O_DIRECTORY);
  } catch (error) {
    throw failed(`root filesystem ${rootfs}`, error);
  }
}

/**
 * Namespaces, mounts, devices and the root: afterwards the process stands in the container's working directory.
 * @returns the terminal's descriptor, -1 for none
 */
export function setUp(inside: Inside): number {
  const { bundle } = inside;
  const { plan, parts, short } = bundle;
  const { rootfs } = plan;
  sys.close(openRoot(rootfs));
  sys.umask(0);
  parts.namespaces?.enterMounts();
  const { types, mounts: own } = plainly("namespaces", () =>
    makeNamespaces(plan, parts.namespaces?.entered ?? [], short),
  );
  inside.record(own);
  parts.sysctl?.(types, short);
  const root = openRoot(rootfs);
  const late = plainly("mounts", () => makeMounts(plan, root, parts.mounts, short));
  plainly("devices", () => makeDevices(plan, root, parts.nodes, short));
  parts.notify?.mount(root, short);
  const terminal = parts.terminal?.open(root, short) ?? -1;
  for (const act of parts.attributes) act(short);
  if (parts.hooks !== null) {
    if (parts.hooks.has("prestart", "createRuntime")) inside.ask("createHooks");
    // runc and crun run these in the root filesystem, and hooks count on it
    sys.chdir(rootfs);
    parts.hooks.run("createContainer", hookStates.bundleState(inside, "creating", inside.pid));
  }
  // made while the root can be written
  plainly(`process.cwd ${plan.cwd}`, () => within(root, plan.cwd, "directory", () => {}));
  plainly("paths", () => protectPaths(plan, root, own, late, short));
  // before the root changes: a directory left open is a way out of it, and the list of descriptors is in /proc
  sys.closeFrom(3, [...inside.keep(), terminal, parts.seccomp?.socket ?? -1]);
  plainly(`root filesystem ${rootfs}`, () => changeRoot(plan, own, inside.pivot));
  plainly(`process.cwd ${plan.cwd}`, () => enterDirectory(plan.cwd));
  return terminal;
}

/** Changes to `path`, which is made if missing. */
export function enterDirectory(path: string): void {
  try {
    sys.chdir(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    makeDirectories(path, 0o755);
    sys.chdir(path);
  }
  // a directory outside of the root reads "(unreachable)…"
  if (!sys.getcwd().startsWith("/")) throw failure(`process.cwd ${path}: leads out of the root filesystem`);
}

/** Opens what has to be opened before, then enters and makes the namespaces that take more than one unshare(2). */
export function enterNamespaces(inside: Inside): void {
  const { parts, plan, short } = inside.bundle;
  if (parts.namespaces === null) return;
  for (const open of parts.openings) open();
  inside.credentials = parts.namespaces.enter(plan.credentials, inside.ask, short);
}

/** Gives up all rights but the container's, and says what falls short. */
export function dropRights(inside: Inside): void {
  const { short, parts } = inside.bundle;
  const { credentials } = inside;
  // before the limits hold, one of which may be for files like the one that standard error is
  complain(short.lines(inside.id));
  const told = short.list.length;
  plainly("credentials", () => applyCredentials(credentials, short, () => loadFilter(inside)));
  // after a change of ids /proc/self is root's, and the program could not reach its own descriptors through it
  if (credentials.uid !== 0 && parts.terminal !== null) sys.prctl(PR_SET_DUMPABLE, 1);
  complain(short.lines(inside.id, told));
}

function loadFilter(inside: Inside): void {
  const { bundle, pid } = inside;
  bundle.parts.seccomp?.load(bundle.short, () => ({
    ociVersion: bundle.config.ociVersion,
    pid,
    state: JSON.parse(hookStates.bundleState(inside, "creating", pid)),
  }));
}

/**
 * The last steps: hooks inside, with noNewPrivileges the filter (without it applyCredentials has loaded it), and execve(2).
 */
export function becomeProgram(inside: Inside, env: readonly string[]): never {
  inside.bundle.parts.hooks?.run("startContainer", hookStates.bundleState(inside, "created", inside.pid));
  if (inside.credentials.noNewPrivileges) loadFilter(inside);
  executeProgram(inside.bundle.plan.args, env);
}

/** The container's environment: HOME from its own /etc/passwd where config.json leaves it out, as runc and crun do. */
export function environmentOf(env: readonly string[], uid: number): readonly string[] {
  if (environmentValue(env, "HOME") !== undefined) return env;
  let passwd = "";
  try {
    if ((sys.stat("/etc/passwd").mode & S_IFMT) === S_IFREG) passwd = readText("/etc/passwd");
  } catch {
    // no such file, or not for this user
  }
  return [...env, `HOME=${homeOf(passwd, uid)}`];
}
