/**
 * `runch start BUNDLE-DIR`: sets the container up and becomes its process. This is what a line of /etc/inittab runs, so
 * it also does what init does not: keeps the output, counts the runs, and slows down a container that ends at once.
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import { hasCode, reason, type VzError } from "../../../common/errors.ts";
import { OCI_VERSION } from "../../../common/oci/version.ts";
import { complain } from "../../system/complain.ts";
import { failure } from "../../system/failure.ts";
import { absolutePath, makeDirectories } from "../../system/files.ts";
import { logSize, redirectOutput } from "../../system/log-file.ts";
import defer * as failures from "../../system/runner-failure.ts";
import defer * as oomScore from "../process/oom-score.ts";
import defer * as checks from "../program/can-execute.ts";
import { rememberExecutable } from "../program/execute.ts";
import type { Isolation } from "../shortfalls.ts";
import defer * as leftovers from "../state/leftovers.ts";
import * as store from "../state/state-store.ts";
import { loadBundle, unknownLine } from "./bundle.ts";
import {
  becomeProgram,
  dropRights,
  enterNamespaces,
  environmentOf,
  type Inside,
  setUp,
} from "./container.ts";
import defer * as lastRun from "./last-run.ts";
import type { Bundle } from "./model.ts";

const { O_RDONLY, LOCK_EX, LOCK_NB } = sys.constants;

/** Seconds; more than the 12 that keep sysvinit below ten starts in two minutes. */
const PAUSE_UNDER_INIT = 15;

interface Start {
  /** Descriptors that stay open for errors behind the change of the root. */
  readonly keep: readonly number[];
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
}

/** Ends without a pause for a person, with one for init, who would try again at once. */
function refuse(message: string, hint: string): never {
  if (sys.getppid() === 1) {
    complain(`runch: ${message}\n`);
    sys.poll([], PAUSE_UNDER_INIT * 1000);
  }
  throw failure(message, hint);
}

/** Makes the state directory ours until this process ends or becomes the container's. */
function lock({ root, id }: Start): void {
  const directory = store.stateDirectory(root, id);
  let fd: number;
  try {
    fd = sys.open(directory, O_RDONLY);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    makeDirectories(root, 0o711);
    makeDirectories(directory, 0o700);
    fd = sys.open(directory, O_RDONLY);
  }
  try {
    sys.flock(fd, LOCK_EX | LOCK_NB);
  } catch (error) {
    if (!hasCode(error, "EAGAIN")) throw error;
    refuse(`container ${id}: another runch is starting it`, `runch state ${id}`);
  }
}

async function openLog({ vz, short }: Bundle): Promise<void> {
  const { log, logLimit } = vz;
  if (log === undefined) return;
  try {
    makeDirectories(log.slice(0, log.lastIndexOf("/")) || "/", 0o750);
    if (logSize(log) > logLimit) (await import("../../system/cut-log.ts")).cutLog(log, logLimit);
    redirectOutput(log);
  } catch (error) {
    short.add(`log ${log}`, reason(error));
  }
}

/** The state that every write of this run starts from. */
function firstState(
  start: Start,
  last: ContainerStateFile | null,
  bundle: Bundle | null,
): ContainerStateFile {
  const now = new Date().toISOString();
  return {
    version: 1,
    id: start.id,
    bundle: start.bundle,
    rootfs: bundle?.plan.rootfs ?? last?.rootfs ?? `${start.bundle}/rootfs`,
    status: "creating",
    pid: sys.getpid(),
    starttime: store.startTime("self"),
    boot: store.bootId(),
    created: last?.created ?? now,
    started: now,
    restarts: 0,
    quick: 0,
    // a config.json that cannot be read does not say; under init caution is right
    backoff: bundle?.vz.backoff ?? last?.backoff ?? sys.getppid() === 1,
    reason: null,
    hostMounts: null,
    ociVersion: bundle?.config.ociVersion ?? last?.ociVersion ?? OCI_VERSION,
    annotations: bundle?.config.annotations ?? last?.annotations ?? {},
  };
}

function failedState(state: ContainerStateFile, { message, status }: VzError): ContainerStateFile {
  return { ...state, status: "failed", reason: `cannot start: ${message}`, exitStatus: status };
}

async function becomeContainer(start: Start, bundle: Bundle, state: ContainerStateFile): Promise<never> {
  const { plan, parts, short } = bundle;
  const { root, id } = start;
  let stateFd = -1;
  let running = state;
  try {
    const outside =
      parts.hooks !== null || parts.namespaces?.maps
        ? (await import("./outside.ts")).forkOutside(id, bundle)
        : null;
    const inside: Inside = {
      id,
      bundle,
      credentials: plan.credentials,
      pid: state.pid,
      pivot: true,
      ask: (task) => outside?.ask(task),
      record(own) {
        running = {
          ...running,
          status: "running",
          hostMounts: own ? null : leftovers.mountsBelow(plan.rootfs),
          mountNamespace: own ? store.namespaceOf("self", "mnt") : undefined,
        };
        if (stateFd < 0) stateFd = store.writeState(root, running);
        else store.rewriteState(stateFd, running);
      },
      keep: () => [stateFd, ...start.keep, ...(outside?.descriptors ?? [])],
    };
    if (parts.hooks !== null) running = { ...running, hooks: parts.hooks.has("poststop") };
    if (parts.cgroup !== null) {
      parts.cgroup.check();
      running = { ...running, cgroups: parts.cgroup.directories };
      sys.close(store.writeState(root, running));
      parts.cgroup.create(short);
      parts.cgroup.join(state.pid);
    }
    const { oomScoreAdj } = plan.credentials;
    if (oomScoreAdj !== undefined) oomScore.setOomScore("self", oomScoreAdj, short);
    rememberExecutable();
    // whoever root is in a user namespace, it cannot make files out here
    if (parts.namespaces !== null) stateFd = store.writeState(root, running);
    enterNamespaces(inside);
    setUp(inside);
    dropRights(inside);
    const env = environmentOf(plan.env, inside.credentials.uid);
    if (parts.hooks?.has("poststart")) {
      checks.checkProgram(plan.args, env);
      inside.ask("poststartHooks");
    }
    becomeProgram(inside, env);
  } catch (error) {
    const fault = failures.runnerFailure(error);
    const failed = failedState(running, fault);
    try {
      if (stateFd < 0) sys.close(store.writeState(root, failed));
      else store.rewriteState(stateFd, failed);
    } catch {
      // a full disk, or a filter that forbids it by now: the fault itself is what has to be told
    }
    throw fault;
  }
}

/**
 * @param path the bundle; its last name is the container's id
 * @param log descriptor of --log, or -1
 * @throws VzError 125 to 127
 */
export async function startBundle(
  root: string,
  path: string,
  isolation: Isolation | undefined,
  log: number,
): Promise<never> {
  try {
    return await start(root, path, isolation, log);
  } catch (error) {
    throw failures.runnerFailure(error);
  }
}

async function start(
  root: string,
  path: string,
  isolation: Isolation | undefined,
  log: number,
): Promise<never> {
  const bundlePath = absolutePath(path);
  const id = store.checkId(bundlePath.slice(bundlePath.lastIndexOf("/") + 1));
  const run: Start = { root, id, bundle: bundlePath, keep: [log] };
  lock(run);
  const last = store.readState(root, id);
  if (last !== null && store.isAlive(last)) {
    refuse(`container ${id}: runs already (pid ${last.pid})`, `runch kill ${id}`);
  }
  let bundle: Bundle | null = null;
  let fault: VzError | null = null;
  try {
    bundle = await loadBundle(bundlePath, { id, form: "exec", isolation, cgroups: true, console: () => -1 });
    if (last !== null) await lastRun.clearUp(root, last, bundle.parts);
    await openLog(bundle);
  } catch (error) {
    fault = failures.runnerFailure(error);
  }
  let state = firstState(run, last, bundle);
  if (fault !== null) state = failedState(state, fault);
  if (last !== null) state = lastRun.followUp(root, last, state);
  if (fault !== null || bundle === null) {
    sys.close(store.writeState(root, state));
    throw fault;
  }
  complain(unknownLine(id, bundle.unknown));
  return becomeContainer(run, bundle, state);
}
