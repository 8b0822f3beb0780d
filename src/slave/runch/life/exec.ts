/** `runch exec`: one more process in a container that is there. */
import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import { Status } from "../../../common/errors.ts";
import type { OciConfig } from "../../../common/oci/oci.ts";
import { complain } from "../../system/complain.ts";
import { NAMESPACES } from "../../system/linux.ts";
import { replaceText } from "../../system/replace-text.ts";
import defer * as failures from "../../system/runner-failure.ts";
import type { Act, Credentials, Join, SeccompPart } from "../model.ts";
import { planNamespaceParts } from "../namespaces/join.ts";
import { applyCredentials } from "../process/credentials.ts";
import defer * as oomScore from "../process/oom-score.ts";
import { planCredentials } from "../process/plan.ts";
import { attachTerminal, openTerminal } from "../process/terminal.ts";
import { executeProgram, rememberExecutable } from "../program/execute.ts";
import { type Isolation, Shortfalls } from "../shortfalls.ts";
import * as store from "../state/state-store.ts";
import { unknownLine } from "./bundle.ts";
import { Channel } from "./channel.ts";
import { askOutside, listenFds, reportFailure, waitForGo, withListenFds } from "./child.ts";
import { enterDirectory, environmentOf, plainly } from "./container.ts";
import { reported } from "./reported.ts";

const { O_PATH, O_DIRECTORY } = sys.constants;
const { SIGKILL } = sys.signals;

export interface ExecOptions {
  readonly state: ContainerStateFile;
  readonly config: OciConfig;
  readonly unknown: string[];
  readonly isolation: Isolation | undefined;
  readonly pidFile: string | undefined;
  readonly preserve: number;
  /** Path below the container's own cgroup, "" for itself. */
  readonly cgroup: string;
  console(): number;
}

interface ExecPlan {
  readonly id: string;
  readonly config: OciConfig;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly credentials: Credentials;
  readonly joins: readonly Join[];
  readonly short: Shortfalls;
  readonly attributes: readonly Act[];
  readonly affinity: { readonly initial: Act | null; readonly final: Act | null };
  readonly seccomp: SeccompPart | null;
  /** -1 for no terminal. */
  readonly console: number;
  readonly preserve: number;
  readonly state: ContainerStateFile;
}

/** Files of /proc/PID/ns, by the types of config.json. */
const FILES: Readonly<Record<string, string>> = { mount: "mnt", network: "net" };

/** Those namespaces of the container's process that are not ours. */
function namespacesOf(pid: number): Join[] {
  const joins: Join[] = [];
  for (const type of Object.keys(NAMESPACES)) {
    const file = FILES[type] ?? type;
    const theirs = store.namespaceOf(pid, file);
    if (theirs !== undefined && theirs !== store.namespaceOf("self", file))
      joins.push({ type, path: `/proc/${pid}/ns/${file}` });
  }
  return joins;
}

async function planExec({
  state,
  config,
  unknown,
  isolation,
  preserve,
  console,
}: ExecOptions): Promise<ExecPlan> {
  const short = new Shortfalls(isolation ?? "auto");
  const { process = { cwd: "/" }, linux = {} } = config;
  const { id } = state;
  const labels = process.apparmorProfile ?? process.selinuxLabel;
  const asks = process.scheduler ?? process.ioPriority ?? labels ?? process.execCPUAffinity;
  const module = asks === undefined ? null : await import("../process/attributes.ts");
  const options = { id, bundle: state.bundle, form: "fork" as const, cgroups: true, unknown, console };
  return {
    id,
    config,
    state,
    preserve: preserve + listenFds(),
    args: process.args ?? [],
    env: process.env ?? [],
    cwd: process.cwd,
    credentials: planCredentials(process, linux, short),
    joins: namespacesOf(state.pid),
    short,
    attributes: module?.planAttributes(process, unknown) ?? [],
    affinity: module?.planAffinity(process.execCPUAffinity ?? {}, unknown) ?? { initial: null, final: null },
    seccomp:
      linux.seccomp === undefined
        ? null
        : (await import("../seccomp/part.ts")).planSeccompPart(linux.seccomp, options, short),
    console: process.terminal ? console() : -1,
  };
}

/** The child's life. The container's /proc may be none at all, so what needs one is done before it is entered. */
function becomeProcess(plan: ExecPlan, channel: Channel): never {
  const { id, state, short, credentials, config, seccomp } = plan;
  try {
    let pid = waitForGo(channel);
    rememberExecutable();
    plan.affinity.initial?.(short);
    askOutside(channel, "cgroup");
    plan.affinity.final?.(short);
    const root = plainly("the container's root", () =>
      sys.open(`/proc/${state.pid}/root`, O_PATH | O_DIRECTORY),
    );
    let terminal = -1;
    if (plan.console >= 0) {
      const size = config.process?.consoleSize;
      terminal = openTerminal(
        root,
        { socket: plan.console, size, uid: credentials.uid, console: false },
        short,
      );
    }
    for (const act of plan.attributes) act(short);
    const preserved = Array.from({ length: plan.preserve }, (_, i) => 3 + i);
    sys.closeFrom(3, [...preserved, ...channel.descriptors, root, terminal, seccomp?.socket ?? -1]);
    const part = planNamespaceParts({}, [], plan.joins, [], short);
    part.enter(credentials, () => {}, short);
    const leave = (next: number): never => {
      channel.send(`pid ${next}`);
      sys.exit(Status.ok);
    };
    if (part.hop(short, leave)) pid = waitForGo(channel);
    part.enterMounts();
    sys.setsid();
    plainly("the container's root", () => {
      sys.fchdir(root);
      sys.chroot(".");
      sys.close(root);
    });
    plainly(`process.cwd ${plan.cwd}`, () => enterDirectory(plan.cwd));
    const { ociVersion, bundle, annotations } = state;
    const processState = () => ({
      ociVersion,
      pid,
      state: { ociVersion, id, status: "running", pid: state.pid, bundle, annotations },
    });
    const loadFilter = () => seccomp?.load(short, processState);
    plainly("credentials", () => applyCredentials(credentials, short, loadFilter));
    complain(short.lines(id));
    const env = withListenFds(environmentOf(plan.env, credentials.uid));
    if (terminal >= 0) attachTerminal(terminal);
    if (credentials.noNewPrivileges) loadFilter();
    executeProgram(plan.args, env);
  } catch (error) {
    return reportFailure(id, (line) => channel.send(`error ${line}`), error);
  }
}

/** Moves the process to the container's cgroup, or one below it. */
async function joinCgroups(
  { cgroups = [], pid }: ContainerStateFile,
  below: string,
  process: number,
): Promise<void> {
  if (cgroups.length === 0) return;
  const { joinCgroup } = await import("../cgroup/tree.ts");
  joinCgroup(
    cgroups.map((directory) => (below === "" ? directory : `${directory}/${below}`)),
    process,
    { beside: pid },
  );
}

/** @returns the pid of the process, a child that has become its program @throws VzError 125 to 127 */
export async function execProcess(options: ExecOptions): Promise<number> {
  const { state } = options;
  try {
    const plan = await planExec(options);
    complain(unknownLine(plan.id, options.unknown));
    const [channel, theirs] = Channel.pair();
    let pid = sys.fork();
    if (pid === 0) {
      channel.close();
      becomeProcess(plan, theirs);
    }
    theirs.close();
    try {
      const { oomScoreAdj } = plan.credentials;
      if (oomScoreAdj !== undefined) oomScore.setOomScore(pid, oomScoreAdj, plan.short);
      channel.send(`go ${pid}`);
      for (let line = channel.receive(); line !== null; line = channel.receive()) {
        if (line === "cgroup") {
          await joinCgroups(state, options.cgroup, pid);
          channel.send("ok");
        } else if (line.startsWith("pid ")) {
          sys.waitpid(pid);
          pid = Number(line.slice("pid ".length));
          channel.send(`go ${pid}`);
        } else {
          throw reported(line.slice("error ".length));
        }
      }
      channel.close();
      if (options.pidFile !== undefined) sys.close(replaceText(options.pidFile, String(pid), 0o644));
      return pid;
    } catch (error) {
      try {
        sys.kill(pid, SIGKILL);
        sys.waitpid(pid);
      } catch {
        // it has ended by itself
      }
      throw error;
    }
  } catch (error) {
    throw failures.runnerFailure(error);
  }
}
