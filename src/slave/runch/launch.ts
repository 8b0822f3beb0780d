/**
 * The process outside of a container while it is made: forks the one that becomes the container's, writes down what there
 * is, does what can only be done from outside, and learns how it went. Used by `run` and `create`.
 */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../common/container-state.ts";
import { hasCode, isVzError, reason, VzError } from "../../common/errors.ts";
import { type Bundle, loadBundle, runnerFailure, unknownLine } from "./bundle.ts";
import { Channel } from "./channel.ts";
import { becomeContainer } from "./child.ts";
import { complain, hookState } from "./container.ts";
import { setOomScore } from "./credentials.ts";
import { failure } from "./failure.ts";
import { absolutePath, replaceText } from "./files.ts";
import { mountsBelow, unmountLeftovers } from "./leftovers.ts";
import { NAMESPACES } from "./linux.ts";
import { isRefusal } from "./mounts.ts";
import { makeFifos } from "./park.ts";
import type { Isolation } from "./shortfalls.ts";
import * as store from "./state-store.ts";

const { O_WRONLY = 1, O_CREAT = 0, O_EXCL = 0 } = sys.constants;
const { SIGKILL = 9 } = sys.signals;

export interface LaunchOptions {
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
  /** Another file than the bundle's config.json. */
  readonly config: string | undefined;
  readonly isolation: Isolation | undefined;
  readonly pidFile: string | undefined;
  /** Descriptors from 3 on that the container's process inherits. */
  readonly preserve: number;
  /** Park the process until `start`. */
  readonly create: boolean;
  /** Whether the command line names a socket for the terminal. */
  readonly consoleSocket: boolean;
  /** Unix socket that takes the terminal's master; called once it is known that there is a terminal. */
  console(): number;
  readonly keyring: boolean;
  readonly pivot: boolean;
  readonly cgroups: boolean;
}

export interface Launched {
  readonly state: ContainerStateFile;
  readonly bundle: Bundle;
}

/** In a pid namespace of its own if one is asked for and nothing has to come before it. 0 in the child. */
function forkChild({ plan, parts, short }: Bundle): number {
  if (parts.namespaces !== null || !plan.namespaces.includes("pid")) return sys.fork();
  try {
    return sys.clone(NAMESPACES["pid"] ?? 0);
  } catch (error) {
    if (!isRefusal(error) && !hasCode(error, "EINVAL", "ENOSPC")) throw error;
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
    // a namespace that is refused in the child puts its mounts here
    hostMounts: mountsBelow(plan.rootfs),
    ociVersion: config.ociVersion,
    annotations: config.annotations ?? {},
    cgroups: parts.cgroup?.directories ?? [],
    hooks,
    owner: sys.getuid(),
  };
}

/** What is remembered of the bundle: it may change or go while the container is there. */
function keepConfig({ root, id }: LaunchOptions, text: string): void {
  const fd = sys.open(store.configFile(root, id), O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    sys.writeAll(fd, text);
  } finally {
    sys.close(fd);
  }
}

interface Talk {
  readonly options: LaunchOptions;
  readonly bundle: Bundle;
  readonly channel: Channel;
}

/** Answers the child until it is the program, or parked. @returns the state with its pid @throws what the child reports */
async function converse(
  { options, bundle, channel }: Talk,
  begun: ContainerStateFile,
): Promise<ContainerStateFile> {
  const { parts, short, plan } = bundle;
  let state = begun;
  const admit = (pid: number) => {
    state = { ...state, pid, starttime: store.startTime(pid) };
    sys.close(store.writeState(options.root, state));
    parts.cgroup?.join(pid);
    // before the program runs: who asked for the file can stop it then
    if (options.pidFile !== undefined) replaceText(options.pidFile, String(pid), 0o644);
    channel.send(`go ${pid}`);
  };
  setOomScore(state.pid, plan.credentials.oomScoreAdj, short);
  admit(state.pid);
  for (let line = channel.receive(); line !== null; line = channel.receive()) {
    const [word = ""] = line.split(" ", 1);
    const rest = line.slice(word.length + 1);
    if (word === "error") {
      const { status, message, hint }: { status: number; message: string; hint?: string } = JSON.parse(rest);
      throw new VzError(status, message, hint === undefined ? {} : { hint });
    } else if (word === "pid") {
      // the child was a step on the way to this one, which is our child as well
      sys.waitpid(state.pid);
      admit(Number(rest));
    } else if (word === "maps") {
      const maps = parts.namespaces?.maps;
      if (maps) (await import("./id-maps.ts")).writeIdMaps(state.pid, maps);
      channel.send("ok");
    } else if (word === "hooks") {
      const creating = hookState({ id: options.id, bundle }, "creating", state.pid);
      parts.hooks?.run("prestart", creating);
      parts.hooks?.run("createRuntime", creating);
      channel.send("ok");
    }
  }
  return state;
}

/** Those of its namespaces that the processes of a container are known by: made for it, since others live in one it joined. */
function ownNamespaces(
  pid: number,
  { namespaces }: Bundle["plan"],
): Pick<ContainerStateFile, "pidNamespace" | "mountNamespace"> {
  const made = (type: string, file: string) => {
    if (!namespaces.includes(type)) return undefined;
    const theirs = store.namespaceOf(pid, file);
    return theirs === store.namespaceOf("self", file) ? undefined : theirs;
  };
  return { pidNamespace: made("pid", "pid"), mountNamespace: made("mount", "mnt") };
}

async function launch(options: LaunchOptions, bundle: Bundle): Promise<Launched> {
  const { root, id } = options;
  const { parts, short } = bundle;
  let state = firstState(options, bundle);
  keepConfig(options, bundle.text);
  if (options.create) makeFifos(root, id);
  if (parts.cgroup !== null) {
    parts.cgroup.check();
    sys.close(store.writeState(root, state));
    parts.cgroup.create(short);
  }
  const told = short.list.length;
  const [channel, theirs] = Channel.pair();
  const pid = forkChild(bundle);
  if (pid === 0) {
    channel.close();
    becomeContainer(options, bundle, theirs);
  }
  state = { ...state, pid };
  try {
    theirs.close();
    state = await converse({ options, bundle, channel }, state);
    channel.close();
    // one that is killed closes the channel as well
    if (options.create && !store.isAlive(state))
      throw failure(`container ${id}: its process was killed while it was set up`);
    state = {
      ...state,
      status: options.create ? "created" : "running",
      ...ownNamespaces(state.pid, bundle.plan),
    };
    if (state.mountNamespace !== undefined) state = { ...state, hostMounts: null };
    sys.close(store.writeState(root, state));
    // what the child has not told, since it fell short out here
    complain(short.lines(id, told));
    if (!options.create) parts.hooks?.run("poststart", hookState({ id, bundle }, "running", state.pid));
    return { state, bundle };
  } catch (error) {
    kill(store.readState(root, id)?.pid ?? pid);
    if (parts.hooks?.has("poststop")) {
      const stopped = hookState({ id, bundle }, "stopped", 0);
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
    if (state !== null) unmountLeftovers(state);
    if (state?.cgroups?.length) {
      const { ownCgroups, removeCgroup } = await import("./cgroup/cgroup-control.ts");
      removeCgroup(ownCgroups(root, state));
    }
    store.removeState(root, id);
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
    store.claimId(root, id);
    try {
      complain(unknownLine(id, bundle.unknown));
      return await launch(options, bundle);
    } catch (error) {
      await forget(root, id);
      throw error;
    }
  } catch (error) {
    throw isVzError(error) || !hasCode(error, "EPIPE") ? runnerFailure(error) : runnerFailure(gone());
  }
}

function gone(): VzError {
  return new VzError(125, "the container's process ended while it was made");
}
