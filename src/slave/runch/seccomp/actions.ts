/** Actions of a filter: their names in libseccomp's seccomp.h, their values in linux/seccomp.h. */

/** Strictest first, which is the kernel's own order when several filters answer. */
const VALUES = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  /** The older name of KILL_THREAD. */
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
} as const;

export type ActionName = keyof typeof VALUES;

export function isActionName(name: string): name is ActionName {
  return Object.hasOwn(VALUES, name);
}

export const ACTION_NAMES = Object.keys(VALUES).filter(isActionName);

export const KILL_PROCESS = VALUES.SCMP_ACT_KILL_PROCESS;
export const KILL_THREAD = VALUES.SCMP_ACT_KILL_THREAD;
export const NOTIFY = VALUES.SCMP_ACT_NOTIFY;
export const LOG = VALUES.SCMP_ACT_LOG;
export const ALLOW = VALUES.SCMP_ACT_ALLOW;
export const ERRNO = VALUES.SCMP_ACT_ERRNO;

const EPERM = 1;

/** The actions that carry a number: the error to return, the message for the tracer. */
export function takesErrno(name: ActionName): boolean {
  return name === "SCMP_ACT_ERRNO" || name === "SCMP_ACT_TRACE";
}

/** What a filter returns for it: SECCOMP_RET_*, with `errno` (EPERM unless said) in the low 16 bits where it takes one. */
export function actionValue(name: ActionName, errno = EPERM): number {
  return VALUES[name] + (takesErrno(name) ? errno : 0);
}

/** A value without its number. */
function plainAction(value: number): number {
  return value - (value % 0x10000);
}

/** Less than 0 where `a` is stricter than `b`. As the kernel compares: the values as signed numbers. */
export function compareStrictness(a: number, b: number): number {
  return (plainAction(a) | 0) - (plainAction(b) | 0);
}
