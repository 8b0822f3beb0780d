/** What the container's process may do, set in the one order that works: each step needs a right that a later one may drop. */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { attempt, failed } from "../../system/failure.ts";
import type { Credentials } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";
import defer * as granted from "./granted-capabilities.ts";
import defer * as limits from "./limits.ts";

const { PR_CAPBSET_DROP, PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS } = sys.constants;

/** No kernel can have more: a set has 64 bits. */
const CAPABILITY_LIMIT = 64;
const CAP_SYS_ADMIN = 1n << 21n;

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

/**
 * Limits, groups, ids, capabilities. After it the process has no more rights than the container's.
 * @param loadFilter puts the filter of linux.seccomp on this process; not called where no_new_privs lets that be done later
 * @throws VzError 125 naming the field that cannot be had
 */
export function applyCredentials(who: Credentials, short: Shortfalls, loadFilter: () => void): void {
  if (who.rlimits.length > 0) limits.setRlimits(who.rlimits, short);
  const { personality } = who;
  if (personality !== undefined) limits.setPersonality(personality);
  const own = sys.capget().permitted;
  const asked = who.capabilities;
  const all = asked.bounding | asked.effective | asked.permitted | asked.inheritable | asked.ambient;
  const sets = (all & ~own) === 0n ? asked : granted.cutDown(asked, own, short);
  limitBounding(sets.bounding);
  // loading a filter without no_new_privs takes this right; so it comes late, and only capset(2) and execve(2) come after it
  const held = who.noNewPrivileges ? 0n : own & CAP_SYS_ADMIN;
  const keeps = who.uid !== 0 && (sets.permitted | sets.inheritable | held) !== 0n;
  if (keeps) sys.prctl(PR_SET_KEEPCAPS, 1);
  try {
    if (who.groups !== null) sys.setgroups(who.groups);
  } catch (error) {
    // refused in a user namespace that someone made who is not root: the groups stay, which will do where none are asked for
    if (!hasCode(error, "EPERM") || who.groups?.length !== 0)
      throw failed("process.user.additionalGids", error);
  }
  attempt(`process.user.gid ${who.gid}`, () => sys.setgid(who.gid));
  attempt(`process.user.uid ${who.uid}`, () => sys.setuid(who.uid));
  attempt("process.capabilities", () =>
    sys.capset(sets.effective | held, sets.permitted | held, sets.inheritable),
  );
  if (keeps) sys.prctl(PR_SET_KEEPCAPS, 0);
  if (sets.ambient !== 0n) granted.raiseAmbient(sets.ambient, short);
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
