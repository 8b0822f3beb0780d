/**
 * The process outside of a container while it is made: forks the one that becomes the container's, writes down what there
 * is, does what can only be done from outside, and learns how it went. Used by `run` and `create`.
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import { hasCode, isVzError, reason } from "../../../common/errors.ts";
import { complain } from "../../system/complain.ts";
import { failure, isNamespaceRefused } from "../../system/failure.ts";
import { absolutePath } from "../../system/files.ts";
import { NAMESPACES } from "../../system/linux.ts";
import defer * as failures from "../../system/runner-failure.ts";
import defer * as hookStates from "../hooks/state.ts";
import defer * as oomScore from "../process/oom-score.ts";
import defer * as leftovers from "../state/leftovers.ts";
import * as register from "../state/register.ts";
import * as store from "../state/state-store.ts";
import { converse, gone, type Talk, writeDown } from "./admission.ts";
import { loadBundle, unknownLine } from "./bundle.ts";
import { Channel } from "./channel.ts";
import { becomeContainer } from "./child.ts";
import type { Bundle, Launched, LaunchOptions } from "./model.ts";
import defer * as outsideTasks from "./outside-task.ts";
import { makeFifos } from "./park.ts";

const { O_WRONLY, O_CREAT, O_EXCL } = sys.constants;
const { SIGKILL } = sys.signals;

/** In a pid namespace of its own if one is asked for and nothing has to come before it. 0 in the child. */
function forkChild({ plan, parts, short }: Bundle): number {
  if (parts.namespaces !== null || !plan.namespaces.includes("pid")) return sys.fork();
  try {
    return sys.clone(NAMESPACES.pid);
  } catch (error) {
    if (!isNamespaceRefused(error)) throw error;
    short.add("pid namespace", reason(error));
    return sys.fork();
  }
}

function firstState(options: LaunchOptions, { plan, config, parts }: Bundle): ContainerStateFile {
  const now = new Date().toISOString();
  const hooks = parts.hooks?.has("poststart", "poststop") === true;
  return {
    version: 1,
    id: options.id,
    bundle: plan.bundle,
    rootfs: plan.rootfs,
    status: "creating",
    pid: 0,
    starttime: 0,
    boot: store.bootId(),
    created: now,
    started: now,
    restarts: 0,
    quick: 0,
    backoff: false,
    reason: null,
    // until the child finds that its mounts will stand in the machine's namespace
    hostMounts: null,
    ociVersion: config.ociVersion,
    annotations: config.annotations ?? {},
    cgroups: parts.cgroup?.directories ?? [],
    hooks,
    owner: sys.getuid(),
  };
}

/** What is remembered of the bundle: it may change or go while the container is there. */
function keepConfig({ root, id }: LaunchOptions, text: string): void {
  const fd = sys.open(register.configFile(root, id), O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    sys.writeAll(fd, text);
  } finally {
    sys.close(fd);
  }
}

async function launch(options: LaunchOptions, bundle: Bundle): Promise<Launched> {
  const { root, id } = options;
  const { parts, plan, short } = bundle;
  let first: ContainerStateFile | null = null;
  if (options.create) makeFifos(root, id);
  if (parts.cgroup !== null) {
    parts.cgroup.check();
    first = firstState(options, bundle);
    sys.close(store.writeState(root, first));
    parts.cgroup.create(short);
  }
  const [channel, theirs] = Channel.pair();
  const pid = forkChild(bundle);
  if (pid === 0) {
    channel.close();
    becomeContainer(options, bundle, theirs);
  }
  const told = short.list.length;
  try {
    theirs.close();
    // from here on the child sets up what is its own alone; the rest waits for our word
    const talk: Talk = {
      options,
      bundle,
      channel,
      state: { ...(first ?? firstState(options, bundle)), pid },
      file: -1,
      admitted: false,
    };
    keepConfig(options, bundle.text);
    const { oomScoreAdj } = plan.credentials;
    if (oomScoreAdj !== undefined) oomScore.setOomScore(pid, oomScoreAdj, short);
    await converse(talk);
    channel.close();
    // one that is killed closes the channel as well
    if (options.create && !store.isAlive(talk.state))
      throw failure(`container ${id}: its process was killed while it was set up`);
    const status = options.create ? "created" : "running";
    if (talk.state.status !== status) writeDown(talk, { status });
    sys.close(talk.file);
    const { state } = talk;
    // what the child has not told, since it fell short out here
    complain(short.lines(id, told));
    if (!options.create && parts.hooks !== null)
      outsideTasks.doOutside("poststartHooks", { id, bundle, pid: state.pid });
    return { state, bundle };
  } catch (error) {
    kill(store.readState(root, id)?.pid || pid);
    if (parts.hooks?.has("poststop")) {
      const stopped = hookStates.bundleState({ id, bundle }, "stopped", 0);
      for (const why of parts.hooks.runAll("poststop", stopped)) complain(`runch: ${id}: ${why}\n`);
    }
    throw error;
  }
}

/** Ends a child of ours that may have ended by itself. */
function kill(pid: number): void {
  try {
    if (pid > 0) sys.kill(pid, SIGKILL);
    if (pid > 0) sys.waitpid(pid);
  } catch (error) {
    if (!hasCode(error, "ESRCH", "ECHILD")) throw error;
  }
}

/** Removes what there is of a container that could not be made; what stays is told, and why it could not be made as well. */
async function forget(root: string, id: string): Promise<void> {
  try {
    const state = store.readState(root, id);
    if (state !== null) leftovers.unmountLeftovers(state);
    if (state?.cgroups?.length) {
      const { ownCgroups } = await import("../cgroup/owner.ts");
      const { removeCgroup } = await import("../cgroup/remove.ts");
      removeCgroup(ownCgroups(root, state));
    }
    register.removeState(root, id);
  } catch (error) {
    complain(`runch: ${id}: cannot be cleaned up: ${reason(error)}\n`);
  }
}

/** @throws VzError 125 to 127, and leaves nothing behind then */
export async function launchContainer(options: LaunchOptions): Promise<Launched> {
  const { root, id } = options;
  try {
    store.checkId(id);
    const bundle = await loadBundle(absolutePath(options.bundle), {
      id,
      form: "fork",
      isolation: options.isolation,
      console: options.console,
      cgroups: options.cgroups,
      file: options.config,
    });
    if (options.consoleSocket && bundle.parts.terminal === null)
      throw failure("--console-socket: without process.terminal there is no terminal to send");
    register.claimId(root, id);
    try {
      complain(unknownLine(id, bundle.unknown));
      return await launch(options, bundle);
    } catch (error) {
      await forget(root, id);
      throw error;
    }
  } catch (error) {
    throw failures.runnerFailure(isVzError(error) || !hasCode(error, "EPIPE") ? error : gone());
  }
}
