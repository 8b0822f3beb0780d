/**
 * What is said between the process outside of a container and the one that becomes the container's, and when this one is written
 * down and may go on: before it has done anything that would have to be cleaned up behind it.
 */

import * as sys from "vz:sys";
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import { hasCode, Status, VzError } from "../../../common/errors.ts";
import { replaceText } from "../../system/replace-text.ts";
import defer * as leftovers from "../state/leftovers.ts";
import * as store from "../state/state-store.ts";
import type { Channel } from "./channel.ts";
import { waitsAtOnce } from "./child.ts";
import type { Bundle, LaunchOptions } from "./model.ts";
import defer * as outsideTasks from "./outside-task.ts";
import { reported } from "./reported.ts";

/** The process that was to become the container's is no more. */
export function gone(): VzError {
  return new VzError(Status.runnerFailed, "the container's process ended while it was made");
}

/** What is known of a launch on its way. */
export interface Talk {
  readonly options: LaunchOptions;
  readonly bundle: Bundle;
  readonly channel: Channel;
  state: ContainerStateFile;
  /** Descriptor of the state's file, -1 before it is written. */
  file: number;
  /** Whether the child has got the word to go on. */
  admitted: boolean;
}

export function writeDown(talk: Talk, changes: Partial<ContainerStateFile>): void {
  talk.state = { ...talk.state, ...changes };
  if (talk.file < 0) talk.file = store.writeState(talk.options.root, talk.state);
  else store.rewriteState(talk.file, talk.state);
}

/**
 * Writes a process down as the container's and lets it go on. Twice where the first is but a step to one in a new pid or time
 * namespace: the file that the caller asked for names the first until then, before any program runs.
 */
function admit(talk: Talk, pid: number, changes: Partial<ContainerStateFile>): void {
  const { options, bundle, channel } = talk;
  writeDown(talk, { ...changes, pid, starttime: store.startTime(pid) });
  bundle.parts.cgroup?.join(pid);
  // before the program runs: who asked for the file can stop it then
  if (options.pidFile !== undefined) sys.close(replaceText(options.pidFile, String(pid), 0o644));
  try {
    channel.send(`go ${pid}`);
    talk.admitted = true;
  } catch (error) {
    // it has ended: what it has sent says why
    if (!hasCode(error, "EPIPE")) throw error;
  }
  options.meanwhile();
}

/**
 * The child is in its namespaces and about to mount. One that has not had to wait yet is admitted here, with everything known in one
 * write.
 * @param own whether the mounts end with the container
 */
function recordMounts(talk: Talk, own: boolean): void {
  const { bundle, options, state, channel } = talk;
  const hostMounts = own ? null : leftovers.mountsBelow(bundle.plan.rootfs);
  const known = { hostMounts, ...ownNamespaces(state.pid, own, bundle.plan) };
  if (!waitsAtOnce(bundle)) {
    admit(talk, state.pid, options.create ? known : { ...known, status: "running" });
    return;
  }
  writeDown(talk, known);
  if (!own) channel.send("ok");
}

/** Answers the child until it is the program, or parked. @throws what the child reports */
export function converse(talk: Talk): void {
  const { options, bundle, channel } = talk;
  if (waitsAtOnce(bundle)) admit(talk, talk.state.pid, {});
  for (let line = channel.receive(); line !== null; line = channel.receive()) {
    const [word = ""] = line.split(" ", 1);
    const rest = line.slice(word.length + 1);
    if (word === "error") {
      throw reported(rest);
    } else if (word === "pid") {
      // the child was a step on the way to this one, which is our child as well
      sys.waitpid(talk.state.pid);
      admit(talk, Number(rest), {});
    } else if (word === "mounts") {
      recordMounts(talk, rest === "own");
    } else if (outsideTasks.isOutsideTask(word)) {
      outsideTasks.doOutside(word, { id: options.id, bundle, pid: talk.state.pid });
      channel.send("ok");
    }
  }
  if (!talk.admitted) throw gone();
}

/** Those of its namespaces that the processes of a container are known by: made for it, since others live in one it joined. */
function ownNamespaces(
  pid: number,
  mounts: boolean,
  { namespaces }: Bundle["plan"],
): Pick<ContainerStateFile, "pidNamespace" | "mountNamespace"> {
  const made = (type: string, file: string) => {
    if (!namespaces.includes(type)) return undefined;
    const theirs = store.namespaceOf(pid, file);
    return theirs === store.namespaceOf("self", file) ? undefined : theirs;
  };
  return { pidNamespace: made("pid", "pid"), mountNamespace: mounts ? made("mount", "mnt") : undefined };
}
