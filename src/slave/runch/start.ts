/**
 * `runch start BUNDLE-DIR`: sets the container up and becomes its process. This is what a line of /etc/inittab runs, so
 * it also does what init does not: keeps the output, counts the runs, and slows down a container that ends at once.
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../common/container-state.ts";
import { hasCode, reason, type VzError } from "../../common/errors.ts";
import { nextRun } from "./backoff.ts";
import { type Bundle, loadBundle, runnerFailure, unknownLine } from "./bundle.ts";
import { beforeProgram, complain, dropRights, environmentOf, type Inside, setUp } from "./container.ts";
import { setOomScore } from "./credentials.ts";
import { failure } from "./failure.ts";
import { absolutePath, makeDirectories } from "./files.ts";
import { mountsBelow, unmountLeftovers } from "./leftovers.ts";
import { logSize, redirectOutput } from "./log-file.ts";
import { checkProgram, executeProgram, rememberExecutable } from "./program.ts";
import type { Isolation } from "./shortfalls.ts";
import * as store from "./state-store.ts";

const { O_RDONLY = 0, LOCK_EX = 0, LOCK_NB = 0 } = sys.constants;

/** Seconds; more than the 12 that keep sysvinit below ten starts in two minutes. */
const PAUSE_UNDER_INIT = 15;

interface Start {
  /** Descriptors that stay open for errors behind the change of the root. */
  readonly keep: readonly number[];
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
}

function sleep(seconds: number): void {
  sys.poll([], seconds * 1000);
}

/** Ends without a pause for a person, with one for init, who would try again at once. */
function refuse(message: string, hint: string): never {
  if (sys.getppid() === 1) {
    complain(`runch: ${message}\n`);
    sleep(PAUSE_UNDER_INIT);
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
    if (logSize(log) > logLimit) (await import("./cut-log.ts")).cutLog(log, logLimit);
    redirectOutput(log);
  } catch (error) {
    short.add(`log ${log}`, reason(error));
  }
}

/** What the last run left: mounts and cgroups, and its hooks for after the end, since nobody was there then. */
async function clearLeftovers(root: string, last: ContainerStateFile, { parts }: Bundle): Promise<void> {
  unmountLeftovers(last);
  if (last.cgroups?.length) {
    const { killCgroup, ownCgroups, removeCgroup } = await import("./cgroup/cgroup-control.ts");
    const own = ownCgroups(root, last);
    killCgroup(own);
    removeCgroup(own);
  }
  if (!parts.hooks?.has("poststop")) return;
  const { ociVersion, id, bundle, annotations } = last;
  const state = JSON.stringify({ ociVersion, id, status: "stopped", pid: 0, bundle, annotations });
  for (const why of parts.hooks.runAll("poststop", state)) complain(`runch: ${id}: ${why}\n`);
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
    ociVersion: bundle?.config.ociVersion ?? last?.ociVersion ?? "1.0.2",
    annotations: bundle?.config.annotations ?? last?.annotations ?? {},
  };
}

/**
 * Rewrites the state through a descriptor that was opened while its directory was in reach. In one call, never shorter than
 * what stands there: a kill between two would leave what nobody can read.
 */
function rewrite(fd: number, state: ContainerStateFile): void {
  const bytes = sys.fsEncode(`${JSON.stringify(state).padEnd(Number(sys.fstat(fd).size) - 1)}\n`);
  sys.write(fd, bytes, 0, bytes.length, 0);
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
      ask: (what) => outside?.ask(what),
      record(own) {
        running = {
          ...running,
          status: "running",
          hostMounts: own ? null : mountsBelow(plan.rootfs),
          mountNamespace: own ? store.namespaceOf("self", "mnt") : undefined,
        };
        if (stateFd < 0) stateFd = store.writeState(root, running);
        else rewrite(stateFd, running);
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
    setOomScore("self", plan.credentials.oomScoreAdj, short);
    rememberExecutable();
    if (parts.namespaces !== null) {
      for (const open of parts.openings) open();
      // whoever root is in a user namespace, it cannot make files out here
      stateFd = store.writeState(root, running);
      inside.credentials = parts.namespaces.enter(plan.credentials, inside.ask, short);
    }
    setUp(inside);
    dropRights(inside);
    const env = environmentOf(plan.env, inside.credentials.uid);
    if (parts.hooks?.has("poststart")) {
      checkProgram(plan.args, env);
      inside.ask("poststart");
    }
    beforeProgram(inside);
    executeProgram(plan.args, env);
  } catch (error) {
    const fault = runnerFailure(error);
    const failed: ContainerStateFile = {
      ...running,
      status: "failed",
      reason: `cannot start: ${fault.message}`,
    };
    if (stateFd < 0) sys.close(store.writeState(root, failed));
    else rewrite(stateFd, failed);
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
    throw runnerFailure(error);
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
    if (last !== null) await clearLeftovers(root, last, bundle);
    await openLog(bundle);
  } catch (error) {
    fault = runnerFailure(error);
  }
  const first = firstState(run, last, bundle);
  const { pause, ...counts } = nextRun(last, Date.now(), first.backoff);
  let state: ContainerStateFile = { ...first, ...counts };
  if (fault !== null) state = { ...state, status: "failed", reason: `cannot start: ${fault.message}` };
  if (pause > 0) {
    const why = fault !== null ? state.reason : (last?.reason ?? null);
    sys.close(
      store.writeState(root, { ...state, status: why === null ? "restarting" : "failed", reason: why }),
    );
    complain(`runch: ${id}: its last run was short: waiting ${pause} s\n`);
    sleep(pause);
    state = { ...state, started: new Date().toISOString() };
  }
  if (fault !== null || bundle === null) {
    sys.close(store.writeState(root, state));
    throw fault;
  }
  complain(unknownLine(id, bundle.unknown));
  return becomeContainer(run, bundle, state);
}
