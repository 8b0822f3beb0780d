/** `linux.seccomp` during a start: compiled before anything is set up, loaded last. */
import * as sys from "vz:sys";
import { failed } from "../../system/failure.ts";
import defer * as failures from "../../system/runner-failure.ts";
import defer * as hookStates from "../hooks/state.ts";
import type { PartsOptions } from "../life/model.ts";
import type { SeccompPart } from "../model.ts";
import defer * as checks from "../program/can-execute.ts";
import defer * as programFailure from "../program/why-not.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { MACHINES } from "./abis.ts";
import { fitSeccomp, loadSeccomp } from "./load-seccomp.ts";
import { planSeccomp } from "./plan-seccomp.ts";
import { readSeccomp } from "./read-seccomp.ts";

/**
 * Connects to the Unix socket that gets the listener's descriptor, with the container process state of the specification
 * ("The Container Process State", config-linux).
 */
function connectListener(path: string): number {
  try {
    return sys.unixConnect(path);
  } catch (error) {
    throw failed(`linux.seccomp.listenerPath ${path}`, error);
  }
}

/** Loads what a start may need behind the filter, which may forbid reading files: naming a deferred import loads it. */
const readAhead = (): readonly unknown[] => [
  checks.checkProgram,
  hookStates.bundleState,
  programFailure.explain,
  failures.runnerFailure,
];

/** @throws VzError 78 */
export function planSeccompPart(value: unknown, { unknown }: PartsOptions, short: Shortfalls): SeccompPart {
  const profile = readSeccomp(value, "linux.seccomp", unknown);
  const plan = fitSeccomp(planSeccomp(profile, MACHINES[sys.arch], short), short);
  const { listener } = plan;
  // now, while the socket's path is in reach
  const socket = listener === null ? -1 : connectListener(listener.path);
  return {
    socket,
    load(granted, processState) {
      readAhead();
      const fd = loadSeccomp(plan, granted);
      if (fd < 0) return;
      const message = JSON.stringify({
        ...processState(),
        fds: ["seccompFd"],
        metadata: listener?.metadata ?? "",
      });
      sys.sendFds(socket, [fd], sys.fsEncode(message));
      sys.close(fd);
      sys.close(socket);
    },
  };
}
