/**
 * `runch run`, `create` and `start ID`: the container's process is a child. `run` waits for it, `run -d` leaves it behind,
 * `create` leaves it parked on a FIFO until `start`. A bundle of its own: the init form does not read it.
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../common/container-state.ts";
import { hasCode, Status, VzError } from "../../common/errors.ts";
import { type Bundle, loadBundle, runnerFailure, unknownLine } from "./bundle.ts";
import { complain, dropRights, environmentOf, setUp } from "./container.ts";
import { absolutePath, readAll, replaceText } from "./files.ts";
import { mountsBelow, unmountLeftovers } from "./leftovers.ts";
import { NAMESPACES } from "./linux.ts";
import { isRefusal } from "./mounts.ts";
import { checkProgram, executeProgram } from "./program.ts";
import type { Isolation } from "./shortfalls.ts";
import * as store from "./state-store.ts";

const { O_RDWR = 0, O_WRONLY = 0, O_NONBLOCK = 0 } = sys.constants;
const { SIGKILL = 9 } = sys.signals;

export interface RunOptions {
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
  readonly isolation: Isolation | undefined;
  readonly pidFile: string | undefined;
  /** Descriptors from 3 on that the container's process inherits. */
  readonly preserve: number;
  /** Park the process until `start`. */
  readonly create: boolean;
}

function fifoPath(root: string, id: string): string {
  return `${store.stateDirectory(root, id)}/exec.fifo`;
}

/** The child in a pid namespace of its own if it is asked for and granted. 0 in the child. */
function forkChild({ plan, short }: Bundle): number {
  if (!plan.namespaces.includes("pid")) return sys.fork();
  try {
    return sys.clone(NAMESPACES["pid"] ?? 0);
  } catch (error) {
    if (!isRefusal(error) && !hasCode(error, "EINVAL")) throw error;
    short.add("pid namespace", "this kernel does not grant it");
    return sys.fork();
  }
}

/**
 * The child's life: waits for the parent's word, sets up, becomes the program. What goes wrong is reported through
 * `report`, which closes by itself when the program is executed. Never returns.
 */
function child(options: RunOptions, bundle: Bundle, go: number, report: number): never {
  const { plan, short } = bundle;
  let tell: number | null = report;
  try {
    // a parent that died before it wrote down our pid leaves nobody who could stop us
    if (readAll(go) !== "go") sys.exit(Status.runnerFailed);
    sys.close(go);
    sys.setsid();
    const fifo = options.create ? sys.open(fifoPath(options.root, options.id), O_RDWR) : -1;
    const preserved = Array.from({ length: options.preserve }, (_, i) => 3 + i);
    setUp(
      plan,
      short,
      () => [...preserved, report, fifo],
      () => {},
    );
    dropRights(plan, short, options.id);
    const env = environmentOf(plan);
    if (options.create) {
      checkProgram(plan.args, env);
      sys.close(report);
      tell = null;
      sys.read(fifo, new Uint8Array(1), 0, 1);
      sys.close(fifo);
    }
    executeProgram(plan.args, env);
  } catch (error) {
    const { status, message, hint } = runnerFailure(error);
    const line = JSON.stringify({ status, message, hint });
    if (tell === null) complain(`runch: ${options.id}: ${message}\n`);
    else sys.writeAll(tell, line);
    sys.exit(status);
  }
}

/** What the child reported; null for "it became the program" or, with `create`, "it is ready". */
function reported(text: string): VzError | null {
  if (text === "") return null;
  const { status, message, hint }: { status: number; message: string; hint?: string } = JSON.parse(text);
  return new VzError(status, message, hint === undefined ? {} : { hint });
}

function stateOf(options: RunOptions, bundle: Bundle, pid: number): ContainerStateFile {
  const now = new Date().toISOString();
  const { plan, config } = bundle;
  return {
    version: 1,
    id: options.id,
    bundle: plan.bundle,
    rootfs: plan.rootfs,
    status: "creating",
    pid,
    starttime: store.startTime(pid),
    boot: store.bootId(),
    created: now,
    started: now,
    restarts: 0,
    quick: 0,
    backoff: false,
    reason: null,
    // a namespace that is refused in the child puts its mounts here
    hostMounts: mountsBelow(plan.rootfs),
    ociVersion: config.ociVersion,
    annotations: config.annotations ?? {},
  };
}

/** Starts the child and waits until it is the program, or parked. @throws VzError 125 to 127 */
function launch(options: RunOptions, bundle: Bundle): number {
  const { root, id } = options;
  if (options.create) sys.mknod(fifoPath(root, id), 0o010600, 0, 0);
  const [goRead, goWrite] = sys.pipe();
  const [reportRead, reportWrite] = sys.pipe();
  const pid = forkChild(bundle);
  if (pid === 0) {
    sys.close(goWrite);
    sys.close(reportRead);
    child(options, bundle, goRead, reportWrite);
  }
  try {
    sys.close(goRead);
    sys.close(reportWrite);
    const state = stateOf(options, bundle, pid);
    store.writeState(root, state);
    sys.writeAll(goWrite, "go");
    sys.close(goWrite);
    const failure = reported(readAll(reportRead));
    sys.close(reportRead);
    if (failure !== null) throw failure;
    store.writeState(root, { ...state, status: options.create ? "created" : "running" });
    if (options.pidFile !== undefined) replaceText(options.pidFile, String(pid), 0o644);
    return pid;
  } catch (error) {
    sys.kill(pid, SIGKILL);
    sys.waitpid(pid);
    throw error;
  }
}

/** @returns the pid of the container's process */
export function createContainer(options: RunOptions): number {
  const { root, id } = options;
  try {
    store.checkId(id);
    const bundle = loadBundle(absolutePath(options.bundle), "fork", options.isolation);
    store.claimId(root, id);
    try {
      complain(unknownLine(id, bundle.unknown));
      return launch(options, bundle);
    } catch (error) {
      const state = store.readState(root, id);
      if (state !== null) unmountLeftovers(state);
      store.removeState(root, id);
      throw error;
    }
  } catch (error) {
    throw runnerFailure(error);
  }
}

/** Signals that are passed on to the container's process while `run` waits for it. */
const FORWARDED = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGCONT",
  "SIGWINCH",
  "SIGALRM",
  "SIGTSTP",
];

/** @returns the exit status of the container's process, 128 + n after signal n */
export async function runForeground(options: RunOptions): Promise<number> {
  let pid = 0;
  // Before there is a process: a signal that comes while it is being made waits until it is there, which is when the
  // event loop runs again. By default it would end runch and leave the container behind.
  for (const name of FORWARDED) {
    const number = sys.signals[name];
    if (number === undefined) continue;
    sys.onSignal(number, () => {
      try {
        sys.kill(pid, number);
      } catch (error) {
        if (!hasCode(error, "ESRCH")) throw error;
      }
    });
  }
  pid = createContainer(options);
  return new Promise((resolve) => {
    sys.onChild(pid, (code, signal) => resolve(signal > 0 ? 128 + signal : code));
  });
}

/** Lets the parked process of a created container go on. @throws VzError 1 where there is none */
export function startCreated(root: string, id: string): void {
  const state = store.needState(root, id);
  const fifo = fifoPath(root, id);
  const status = store.currentStatus(state);
  if (status !== "created") throw new VzError(Status.failed, `container ${id}: is ${status}, not created`);
  try {
    // only one of two starts at once gets to rename it
    sys.rename(fifo, `${fifo}.used`);
    const fd = sys.open(`${fifo}.used`, O_WRONLY | O_NONBLOCK);
    sys.writeAll(fd, "0");
    sys.close(fd);
    sys.unlink(`${fifo}.used`);
  } catch (error) {
    // ENOENT: started just now by another; ENXIO: the process has ended
    if (!hasCode(error, "ENOENT", "ENXIO")) throw error;
    throw new VzError(Status.failed, `container ${id}: cannot be started any more`, { cause: error });
  }
  store.writeState(root, { ...state, status: "running", started: new Date().toISOString() });
}
