/** What the container's process may do, set in the one order that works: each step takes a right that a later one may drop. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../common/errors.ts";
import { type CapabilitySets, capabilityNames } from "./capabilities.ts";
import { attempt, failed } from "./failure.ts";
import type { Credentials, RlimitStep } from "./plan-process.ts";
import type { Shortfalls } from "./shortfalls.ts";

const {
  O_WRONLY = 0,
  PR_CAPBSET_DROP = 0,
  PR_SET_KEEPCAPS = 0,
  PR_SET_NO_NEW_PRIVS = 0,
  PR_CAP_AMBIENT = 0,
  PR_CAP_AMBIENT_RAISE = 0,
} = sys.constants;

/** One more than any kernel knows so far. */
const CAPABILITY_LIMIT = 64;
const CAP_SYS_ADMIN = 1n << 21n;

function setLimit({ name, resource, soft, hard }: RlimitStep, short: Shortfalls): void {
  try {
    sys.setrlimit(resource, soft, hard);
  } catch (error) {
    if (!hasCode(error, "EPERM", "EINVAL")) throw failed(`process.rlimits ${name}`, error);
    short.add(`process.rlimits ${name}`, reason(error));
  }
}

/**
 * For `process` as /proc names it ("self"), from the machine's /proc: before the root is changed.
 * Before 2.6.36 there is oom_adj alone, from -17 to 15.
 */
export function setOomScore(
  process: number | "self",
  adjustment: number | undefined,
  short: Shortfalls,
): void {
  if (adjustment === undefined) return;
  const write = (path: string, text: string) => {
    const fd = sys.open(path, O_WRONLY);
    try {
      sys.writeAll(fd, text);
    } finally {
      sys.close(fd);
    }
  };
  try {
    try {
      write(`/proc/${process}/oom_score_adj`, `${adjustment}`);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
      write(`/proc/${process}/oom_adj`, `${Math.round((adjustment * (adjustment < 0 ? 17 : 15)) / 1000)}`);
    }
  } catch (error) {
    short.add("process.oomScoreAdj", reason(error));
  }
}

/** Drops from the bounding set what is not wanted (PR_CAPBSET_DROP, Linux 2.6.25). */
function limitBounding(wanted: bigint): void {
  for (let number = 0; number < CAPABILITY_LIMIT; number++) {
    if ((wanted >> BigInt(number)) & 1n) continue;
    try {
      sys.prctl(PR_CAPBSET_DROP, number);
    } catch (error) {
      // EINVAL: above the last one that this kernel knows
      if (hasCode(error, "EINVAL")) return;
      throw failed("dropping capabilities", error);
    }
  }
}

function raiseAmbient(wanted: bigint, short: Shortfalls): void {
  for (let number = 0; number < CAPABILITY_LIMIT; number++) {
    if (((wanted >> BigInt(number)) & 1n) === 0n) continue;
    try {
      sys.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number);
    } catch (error) {
      // EINVAL: before Linux 4.3. EPERM: not permitted or not inheritable
      if (!hasCode(error, "EINVAL", "EPERM")) throw error;
      short.add("process.capabilities.ambient", reason(error));
      return;
    }
  }
}

/** The sets cut down to what this machine grants to us, with a word about the rest. */
function granted(sets: CapabilitySets, own: bigint, short: Shortfalls): CapabilitySets {
  const lacking = (sets.bounding | sets.effective | sets.permitted | sets.inheritable | sets.ambient) & ~own;
  if (lacking === 0n) return sets;
  short.add(capabilityNames(lacking).join(" "), "not granted to this machine");
  return {
    ...sets,
    effective: sets.effective & own,
    permitted: sets.permitted & own,
    inheritable: sets.inheritable & own,
    ambient: sets.ambient & own,
  };
}

/**
 * Limits, groups, ids, capabilities. After it the process has no more rights than the container's.
 * @param loadFilter puts the filter of linux.seccomp on this process; not called where no_new_privs lets that be done later
 * @throws VzError 125 naming the field that cannot be had
 */
export function applyCredentials(who: Credentials, short: Shortfalls, loadFilter: () => void): void {
  for (const limit of who.rlimits) setLimit(limit, short);
  const { personality } = who;
  if (personality !== undefined) attempt("linux.personality", () => sys.personality(personality));
  const own = sys.capget().permitted;
  const sets = granted(who.capabilities, own, short);
  limitBounding(sets.bounding);
  // a filter that is loaded without no_new_privs takes this right, and may forbid all calls but the last two
  const held = who.noNewPrivileges ? 0n : own & CAP_SYS_ADMIN;
  const keeps = who.uid !== 0 && (sets.permitted | sets.inheritable | held) !== 0n;
  if (keeps) sys.prctl(PR_SET_KEEPCAPS, 1);
  try {
    if (who.groups !== null) sys.setgroups(who.groups);
  } catch (error) {
    // refused in a user namespace of someone who is not root; then the groups cannot be changed, and are none of ours
    if (!hasCode(error, "EPERM") || who.groups?.length !== 0)
      throw failed("process.user.additionalGids", error);
  }
  attempt(`process.user.gid ${who.gid}`, () => sys.setgid(who.gid));
  attempt(`process.user.uid ${who.uid}`, () => sys.setuid(who.uid));
  attempt("process.capabilities", () =>
    sys.capset(sets.effective | held, sets.permitted | held, sets.inheritable),
  );
  if (keeps) sys.prctl(PR_SET_KEEPCAPS, 0);
  raiseAmbient(sets.ambient, short);
  if (who.noNewPrivileges) {
    try {
      sys.prctl(PR_SET_NO_NEW_PRIVS, 1);
    } catch (error) {
      if (!hasCode(error, "EINVAL")) throw error;
      short.add("process.noNewPrivileges", "this kernel does not have it");
    }
  }
  sys.umask(who.umask);
  if (who.noNewPrivileges) return;
  loadFilter();
  if ((held & ~sets.permitted) !== 0n || (held & ~sets.effective) !== 0n)
    attempt("process.capabilities", () => sys.capset(sets.effective, sets.permitted, sets.inheritable));
}
