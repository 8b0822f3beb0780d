/** `linux.seccomp` in the form that the kernel takes. */
import { badConfig } from "../../../common/oci/oci-read.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { isKnownCall, type Machine } from "./abis.ts";
import { actionValue, compareStrictness } from "./actions.ts";
import { MAX_INSTRUCTIONS } from "./assembler.ts";
import { compileFilter } from "./compile.ts";
import { FLAGS, NEW_LISTENER, type OciSeccomp, usesListener } from "./read-seccomp.ts";

export interface SeccompPlan {
  /** struct sock_filter, 8 bytes each. */
  readonly program: Uint8Array;
  /** SECCOMP_FILTER_FLAG_* */
  readonly flags: number;
  /** Where the listener's descriptor goes; null where no rule asks a listener. */
  readonly listener: { readonly path: string; readonly metadata: string } | null;
}

/**
 * Tells names that no table has. Those in rules that only loosen the default are left out without a word, as in runc and crun:
 * profiles name calls that are newer than this program, and without them the filter is stricter.
 */
function tellUnknown({ syscalls = [], ...profile }: OciSeccomp, short: Shortfalls): void {
  const standard = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  const told = new Set<string>();
  for (const { names, action } of syscalls) {
    if (compareStrictness(actionValue(action), standard) >= 0) continue;
    for (const name of names) {
      if (told.has(name) || isKnownCall(name)) continue;
      told.add(name);
      short.add(`linux.seccomp: ${name}`, "no system call of that name is known");
    }
  }
}

/**
 * Compiles the filter. Asks the machine nothing; whether the kernel takes it is seen by fitSeccomp and loadSeccomp.
 * @throws VzError 78 where no architecture is this machine's, or the rules make more instructions than a kernel takes
 */
export function planSeccomp(seccomp: OciSeccomp, machine: Machine, short: Shortfalls): SeccompPlan {
  const { architectures = [], listenerPath: path = "", listenerMetadata: metadata = "" } = seccomp;
  if (architectures.length > 0 && !machine.abis.some((abi) => architectures.includes(abi)))
    throw badConfig("linux.seccomp.architectures", "none of them is this machine's");
  tellUnknown(seccomp, short);
  const program = compileFilter(seccomp, machine);
  const length = program.length / 8;
  if (length > MAX_INSTRUCTIONS)
    throw badConfig(
      "linux.seccomp",
      `makes a filter of ${length} instructions, a kernel takes ${MAX_INSTRUCTIONS}`,
    );
  const notifies = usesListener(seccomp);
  let flags: number = notifies ? NEW_LISTENER : 0;
  for (const name of seccomp.flags ?? []) {
    // of no meaning without a listener, where the kernel would refuse it
    if (notifies || name !== "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") flags |= FLAGS[name];
  }
  return { program, flags, listener: notifies ? { path, metadata } : null };
}
