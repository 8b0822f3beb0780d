/** Who the container's process is and what it may do: ids, limits, capabilities. */
import { badConfig as bad, type OciLinux, type OciProcess } from "../../common/oci.ts";
import { type CapabilitySets, capabilitySets } from "./capabilities.ts";
import { lookup, RLIMITS } from "./linux.ts";
import type { Shortfalls } from "./shortfalls.ts";

export interface RlimitStep {
  readonly name: string;
  readonly resource: number;
  readonly soft: number;
  readonly hard: number;
}

export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  /** null: those of whoever starts it. */
  readonly groups: readonly number[] | null;
  readonly umask: number;
  readonly rlimits: readonly RlimitStep[];
  readonly capabilities: CapabilitySets;
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj: number | undefined;
  /** personality(2), or undefined to leave it. */
  readonly personality: number | undefined;
}

/** Above 2^53 a limit is no limit: 9 PB, or the 2^64-1 that Go writes for "unlimited". */
function limit(value: number): number {
  return value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value;
}

export function planRlimits(process: OciProcess): RlimitStep[] {
  const seen = new Set<string>();
  return (process.rlimits ?? []).map(({ type, soft, hard }, i) => {
    const at = `process.rlimits[${i}]`;
    const resource = type.startsWith("RLIMIT_") ? RLIMITS.indexOf(type.slice(7)) : -1;
    if (resource < 0) throw bad(at, `${JSON.stringify(type)} is no limit`);
    if (seen.has(type)) throw bad(at, `${type} is there twice`);
    if (soft > hard) throw bad(at, `the soft ${type} is above the hard one`);
    seen.add(type);
    return { name: type, resource, soft: limit(soft), hard: limit(hard) };
  });
}

const PERSONALITIES: Readonly<Record<string, number>> = { LINUX: 0, LINUX32: 8 };

/** podman's `--group-add keep-groups`, in crun's words. */
const KEEP_GROUPS = "run.oci.keep_original_groups";

export function planCredentials(
  process: OciProcess,
  linux: OciLinux,
  short: Shortfalls,
  annotations: Readonly<Record<string, string>> = {},
): Credentials {
  const { personality } = linux;
  const { user = {} } = process;
  if (personality?.flags?.length) throw bad("linux.personality.flags", "the specification defines none");
  const domain = personality?.domain;
  const persona = domain === undefined ? undefined : lookup(PERSONALITIES, domain);
  if (domain !== undefined && persona === undefined)
    throw bad("linux.personality.domain", `no such domain: ${domain}`);
  const adj = process.oomScoreAdj;
  if (adj !== undefined && (adj < -1000 || adj > 1000))
    throw bad("process.oomScoreAdj", "not from -1000 to 1000");
  const umask = user.umask ?? 0o022;
  if (umask > 0o777) throw bad("process.user.umask", "above 511 (octal 777)");
  return {
    uid: user.uid ?? 0,
    gid: user.gid ?? 0,
    groups: annotations[KEEP_GROUPS] === "1" ? null : (user.additionalGids ?? []),
    umask,
    rlimits: planRlimits(process),
    capabilities: capabilitySets(process.capabilities, short),
    noNewPrivileges: process.noNewPrivileges ?? false,
    oomScoreAdj: adj,
    personality: persona,
  };
}
