/** Puts a filter on this process, without what the kernel lacks. */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { failed } from "../../system/failure.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { ALLOW, ERRNO, KILL_PROCESS, KILL_THREAD, LOG, NOTIFY } from "./actions.ts";
import { RETURN } from "./assembler.ts";
import { hasAction, hasFilters, hasFlag } from "./kernel.ts";
import type { SeccompPlan } from "./plan-seccomp.ts";
import { FLAG_NAMES, FLAGS, NEW_LISTENER } from "./read-seccomp.ts";

const ENOSYS = 38;

/** Actions that came later, each with what stands in for it. */
const LATER = [
  [KILL_PROCESS, KILL_THREAD, "SCMP_ACT_KILL_PROCESS", "needs Linux 4.14: ends the thread only"],
  [LOG, ALLOW, "SCMP_ACT_LOG", "needs Linux 4.14: such calls are allowed and not logged"],
  [NOTIFY, ERRNO + ENOSYS, "SCMP_ACT_NOTIFY", "needs Linux 5.0: such calls fail with ENOSYS"],
] as const;

/** The program with one action in place of another; the same program where it does not have it. */
export function replaceAction(program: Uint8Array, from: number, to: number): Uint8Array {
  const copy = program.slice();
  const view = new DataView(copy.buffer);
  let found = false;
  for (let at = 0; at < copy.length; at += 8) {
    if (view.getUint16(at, true) !== RETURN || view.getUint32(at + 4, true) !== from) continue;
    view.setUint32(at + 4, to, true);
    found = true;
  }
  return found ? copy : program;
}

/**
 * The plan without what this kernel lacks; each such thing is a shortfall. loadSeccomp does it too, but a shortfall that is
 * found early can still be written anywhere, and in strict is an error before anything runs.
 */
export function fitSeccomp(plan: SeccompPlan, short: Shortfalls): SeccompPlan {
  if (!hasFilters()) return plan;
  let { program, flags, listener } = plan;
  for (const [action, stand, name, why] of LATER) {
    const without = replaceAction(program, action, stand);
    if (without === program || hasAction(action)) continue;
    short.add(`linux.seccomp: ${name}`, why);
    program = without;
    if (action === NOTIFY) {
      flags &= ~(NEW_LISTENER | FLAGS.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
      listener = null;
    }
  }
  for (const name of FLAG_NAMES) {
    const bit = FLAGS[name];
    if ((flags & bit) === 0 || hasFlag(bit)) continue;
    short.add(`linux.seccomp: ${name}`, "the kernel does not have it");
    flags &= ~bit;
  }
  return { program, flags, listener };
}

/**
 * Applies the filter to this process and what it executes. From here on the filter holds for runch too, so this comes last
 * before execve(2); without no_new_privs it needs CAP_SYS_ADMIN and so comes before capabilities are dropped.
 * @returns the listener's descriptor, close-on-exec; -1 where the plan has no listener, or the kernel no filters
 * @throws VzError 125 where the kernel refuses the filter; in strict also where it has no filters, or not for us
 */
export function loadSeccomp(plan: SeccompPlan, short: Shortfalls): number {
  if (!hasFilters()) {
    short.add("linux.seccomp", "the kernel has no filters");
    return -1;
  }
  const { program, flags } = fitSeccomp(plan, short);
  try {
    const result = sys.seccomp(program, flags);
    return (flags & NEW_LISTENER) === 0 ? -1 : result;
  } catch (error) {
    if (!hasCode(error, "EACCES")) throw failed("linux.seccomp", error);
    short.add("linux.seccomp", "it needs process.noNewPrivileges, or CAP_SYS_ADMIN");
    return -1;
  }
}
