/** `linux.seccomp` during a start: compiled before anything is set up, loaded as the last. */
import * as sys from "vz:sys";
import defer * as checks from "./check-program.ts";
import { failed } from "./failure.ts";
import defer * as hookStates from "./hook-state.ts";
import type { PartsOptions, SeccompPart } from "./parts.ts";
import defer * as programFailure from "./program-failure.ts";
import defer * as failures from "./runner-failure.ts";
import { fitSeccomp, loadSeccomp, type OciSeccomp, planSeccomp, readSeccomp } from "./seccomp/index.ts";
import type { Shortfalls } from "./shortfalls.ts";

/**
 * The listener's descriptor goes to a Unix socket, with the container process state of the specification
 * ("The Container Process State", config-linux).
 */
function connectListener(path: string): number {
  try {
    return sys.unixConnect(path);
  } catch (error) {
    throw failed(`linux.seccomp.listenerPath ${path}`, error);
  }
}

/** A list of architectures goes without saying the machine's own, as with libseccomp; runch itself is not of it. */
function withNative(profile: OciSeccomp): OciSeccomp {
  const { architectures = [] } = profile;
  if (architectures.length === 0 || sys.uname().machine !== "x86_64") return profile;
  return { ...profile, architectures: [...architectures, "SCMP_ARCH_X86_64"] };
}

/** What a start may need behind the filter, which may forbid to read a bundle: it is read by being named. */
const readAhead = (): readonly unknown[] => [
  checks.checkProgram,
  hookStates.hookState,
  programFailure.explain,
  failures.runnerFailure,
];

/** @throws VzError 78 */
export function planSeccompPart(value: unknown, { unknown }: PartsOptions, short: Shortfalls): SeccompPart {
  const profile = withNative(readSeccomp(value, "linux.seccomp", unknown));
  const plan = fitSeccomp(planSeccomp(profile, short), short);
  const { listener } = plan;
  // while its path is in reach
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
