/** The life of the process that `run` and `create` fork: waits for the word, sets up, becomes the program. */
import * as sys from "vz:sys";
import { Status } from "../../../common/errors.ts";
import { complain } from "../../system/complain.ts";
import defer * as failures from "../../system/runner-failure.ts";
import defer * as checks from "../program/can-execute.ts";
import { rememberExecutable } from "../program/execute.ts";
import { NO_PARTS } from "./bundle.ts";
import type { Channel } from "./channel.ts";
import {
  becomeProgram,
  dropRights,
  enterNamespaces,
  environmentOf,
  type Inside,
  setUp,
} from "./container.ts";
import type { Bundle, LaunchOptions } from "./model.ts";
import { openFifos, type Park } from "./park.ts";
import { report } from "./reported.ts";

/** The other side is gone: nobody is left who could stop us. */
function orphaned(): never {
  sys.exit(Status.runnerFailed);
}

/** Waits until our pid is written down. @returns it, as the machine counts */
export function waitForGo(channel: Channel): number {
  const line = channel.receive();
  if (line === null) orphaned();
  return Number(line.slice("go ".length));
}

/** Tells the process outside something, and waits until it has done what that means. */
export function askOutside(channel: Channel, line: string): void {
  channel.send(line);
  if (channel.receive() === null) orphaned();
}

/** Tells why there is no container, and ends. */
export function reportFailure(id: string, tell: (line: string) => void, error: unknown): never {
  const failure = failures.runnerFailure(error);
  try {
    tell(report(failure));
  } catch {
    // nobody is there to hear it any more
    complain(`runch: ${id}: ${failure.message}\n`);
  } finally {
    sys.exit(failure.status);
  }
}

/** Sockets that were handed to runch by their number (sd_listen_fds(3)) go on to the program. */
export function listenFds(): number {
  const line = sys.environ.find((one) => one.startsWith("LISTEN_FDS="));
  const count = Number(line?.slice("LISTEN_FDS=".length) ?? 0);
  return Number.isInteger(count) && count > 0 && count <= 1000 ? count : 0;
}

/** The environment with word of these sockets. */
export function withListenFds(env: readonly string[]): readonly string[] {
  const count = listenFds();
  return count === 0 ? env : [...env, `LISTEN_FDS=${count}`, `LISTEN_PID=${sys.getpid()}`];
}

/** Whether the child has to be written down, or something done outside, before it may begin: whenever there is any part. */
export function waitsAtOnce({ parts }: Bundle): boolean {
  return parts !== NO_PARTS;
}

/**
 * Ends by becoming the program, or by an exit status after it has been reported. What ends with this process is set up at once;
 * whatever would outlive it waits until the process is written down.
 */
export function becomeContainer(options: LaunchOptions, bundle: Bundle, channel: Channel): never {
  const { root, id } = options;
  const { plan, parts, short } = bundle;
  let tell = (line: string) => channel.send(`error ${line}`);
  let park: Park | null = null;
  let pid = 0;
  const awaitGo = () => {
    if (pid === 0) pid = waitForGo(channel);
    return pid;
  };
  try {
    if (waitsAtOnce(bundle)) awaitGo();
    const inside: Inside = {
      id,
      bundle,
      credentials: plan.credentials,
      pid,
      pivot: options.pivot,
      ask: (task) => askOutside(channel, task),
      record(own) {
        const line = `mounts ${own ? "own" : "host"}`;
        if (own) channel.send(line);
        else if (waitsAtOnce(bundle)) askOutside(channel, line);
        else {
          channel.send(line);
          awaitGo();
        }
      },
      keep: () => [
        ...Array.from({ length: options.preserve + listenFds() }, (_, i) => 3 + i),
        ...channel.descriptors,
        ...(park === null ? [] : [park.go, park.result]),
      ],
    };
    if (options.create) park = openFifos(root, id);
    rememberExecutable();
    enterNamespaces(inside);
    if (parts.namespaces !== null) {
      const leave = (next: number): never => {
        channel.send(`pid ${next}`);
        sys.exit(Status.ok);
      };
      if (parts.namespaces.hop(short, leave)) inside.pid = waitForGo(channel);
    }
    sys.setsid();
    if (options.keyring) joinKeyring(id);
    const terminal = setUp(inside);
    dropRights(inside);
    const env = withListenFds(environmentOf(plan.env, inside.credentials.uid));
    if (park !== null) checks.checkProgram(plan.args, env);
    // before waiting for start: while we hold the output of who called create, its reader sees no end
    if (terminal >= 0) parts.terminal?.attach(terminal);
    awaitGo();
    if (park !== null) {
      channel.close();
      const { result } = park;
      tell = (line) => sys.writeAll(result, line);
      sys.read(park.go, new Uint8Array(1), 0, 1);
      sys.close(park.go);
    }
    becomeProgram(inside, env);
  } catch (error) {
    return reportFailure(id, tell, error);
  }
}

/** A session keyring of its own: the caller's keys are none of the container's. */
function joinKeyring(id: string): void {
  try {
    sys.joinKeyring(`_ses.${id}`);
  } catch {
    // a kernel without keys, or no more room for them: nothing of the container's depends on it
  }
}
