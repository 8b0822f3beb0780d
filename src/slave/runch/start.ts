/**
 * `runch start BUNDLE-DIR`: sets the container up and becomes its process. This is what a line of /etc/inittab runs, so
 * it also does what init does not: keeps the output, counts the runs, and slows down a container that ends at once.
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../common/container-state.ts";
import { hasCode, reason, type VzError } from "../../common/errors.ts";
import { nextRun } from "./backoff.ts";
import { type Bundle, loadBundle, runnerFailure, unknownLine } from "./bundle.ts";
import { complain, dropRights, environmentOf, setUp } from "./container.ts";
import { failure } from "./failure.ts";
import { absolutePath, makeDirectories } from "./files.ts";
import { mountsBelow, unmountLeftovers } from "./leftovers.ts";
import { logSize, redirectOutput } from "./log-file.ts";
import { executeProgram } from "./program.ts";
import type { Isolation } from "./shortfalls.ts";
import * as store from "./state-store.ts";

const { O_RDONLY = 0, O_WRONLY = 1, LOCK_EX = 0, LOCK_NB = 0 } = sys.constants;

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

/** Rewrites the state through a descriptor that was opened before the root changed. */
function rewrite(fd: number, state: ContainerStateFile): void {
  const bytes = sys.fsEncode(`${JSON.stringify(state)}\n`);
  sys.write(fd, bytes, 0, bytes.length, 0);
  sys.ftruncate(fd, bytes.length);
}

function becomeContainer(start: Start, bundle: Bundle, state: ContainerStateFile): never {
  const { plan, short } = bundle;
  let stateFd = -1;
  let running = state;
  try {
    setUp(
      plan,
      short,
      () => [stateFd, ...start.keep],
      (own) => {
        running = { ...state, status: "running", hostMounts: own ? null : mountsBelow(plan.rootfs) };
        store.writeState(start.root, running);
        stateFd = sys.open(store.stateFile(start.root, start.id), O_WRONLY);
      },
    );
    dropRights(plan, short, start.id);
    executeProgram(plan.args, environmentOf(plan));
  } catch (error) {
    const fault = runnerFailure(error);
    const failed: ContainerStateFile = {
      ...running,
      status: "failed",
      reason: `cannot start: ${fault.message}`,
    };
    if (stateFd < 0) store.writeState(start.root, failed);
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
    if (last !== null) unmountLeftovers(last);
    bundle = loadBundle(bundlePath, "exec", isolation);
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
    store.writeState(root, { ...state, status: why === null ? "restarting" : "failed", reason: why });
    complain(`runch: ${id}: its last run was short: waiting ${pause} s\n`);
    sleep(pause);
    state = { ...state, started: new Date().toISOString() };
  }
  if (fault !== null || bundle === null) {
    store.writeState(root, state);
    throw fault;
  }
  complain(unknownLine(id, bundle.unknown));
  return becomeContainer(run, bundle, state);
}
