/** Who the container's process is and what it may do: ids, limits, capabilities. */
import { badConfig as bad, type OciLinux, type OciProcess } from "../../../common/oci/oci.ts";
import type { Credentials } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { capabilitySets } from "./capabilities.ts";
import defer * as limits from "./limits.ts";

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
    rlimits: process.rlimits?.length ? limits.planRlimits(process.rlimits) : [],
    capabilities: capabilitySets(process.capabilities, short),
    noNewPrivileges: process.noNewPrivileges ?? false,
    oomScoreAdj: adj,
    personality: personality === undefined ? undefined : limits.planPersonality(personality),
  };
}
