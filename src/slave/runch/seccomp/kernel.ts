/** Asks this kernel what it knows of filters, without changing anything. */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { failed } from "../../system/failure.ts";
import { MACHINES } from "./abis.ts";
import { ACTION_NAMES, type ActionName, actionValue, KILL_PROCESS, LOG, NOTIFY } from "./actions.ts";
import { FLAG_NAMES, FLAGS, type FlagName, NEW_LISTENER, OPERATORS } from "./read-seccomp.ts";

/**
 * Whether the kernel takes these flags. No program is loaded: EFAULT says that the kernel looked for one, EINVAL or ENOSYS
 * that it did not get that far. Any other refusal (of a sandbox around this process) tells neither, and is thrown.
 */
function asks(flags: number): boolean {
  try {
    sys.seccomp(null, flags);
    return true;
  } catch (error) {
    if (hasCode(error, "EFAULT")) return true;
    if (hasCode(error, "EINVAL", "ENOSYS")) return false;
    throw failed("linux.seccomp", error);
  }
}

/** Whether there are filters at all (Linux 3.5, CONFIG_SECCOMP_FILTER). */
export function hasFilters(): boolean {
  return asks(0);
}

/** @param bit SECCOMP_FILTER_FLAG_* */
export function hasFlag(bit: number): boolean {
  // the flag for how a listener waits is refused without a listener
  const listener = bit === FLAGS.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ? NEW_LISTENER : 0;
  return asks(bit | listener);
}

const SINCE_4_14: readonly number[] = [KILL_PROCESS, LOG, NOTIFY];

/** Kernels before 4.14 do not tell; they have the actions that filters began with. */
export function hasAction(action: number): boolean {
  return sys.seccompHasAction(action) ?? !SINCE_4_14.includes(action);
}

export interface SeccompFeatures {
  readonly actions: readonly ActionName[];
  readonly operators: readonly string[];
  readonly archs: readonly string[];
  readonly knownFlags: readonly FlagName[];
  readonly supportedFlags: readonly FlagName[];
}

/** linux.seccomp of `runch features` (runtime-spec, features-linux.md): `actions` and `supportedFlags` are this kernel's. */
export function seccompFeatures(): SeccompFeatures {
  const filters = hasFilters();
  return {
    actions: ACTION_NAMES.filter((name) => filters && hasAction(actionValue(name, 0))),
    operators: OPERATORS,
    archs: MACHINES[sys.arch].abis,
    knownFlags: FLAG_NAMES,
    supportedFlags: FLAG_NAMES.filter((name) => filters && hasFlag(FLAGS[name])),
  };
}
