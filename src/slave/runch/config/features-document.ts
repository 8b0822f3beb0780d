/**
 * What `runch features` says (features.md and features-linux.md of the runtime-spec): what runch honours on any kernel. What
 * this kernel grants stands in the annotations, which the specification leaves to each runtime.
 */

import { OCI_VERSION_LEAST, OCI_VERSION_MOST } from "../../../common/oci/version.ts";
import { CAPABILITIES, NAMESPACES } from "../../system/linux.ts";
import { HOOK_KINDS } from "../hooks/kinds.ts";
import { RARE_OPTIONS } from "../mounts/option-table.ts";
import { CLEARS, SETS } from "../mounts/options.ts";
import { ISOLATIONS } from "../shortfalls.ts";

export interface FeatureParts {
  readonly version: string;
  readonly commit: string;
  /** The object `linux.seccomp`. */
  readonly seccomp: object;
  /** What the kernel grants, by annotation's name behind "vz.kernel.". */
  readonly kernel: Readonly<Record<string, string>>;
}

/** Mount options that runch itself honours; a filesystem's own are not among them. */
const MOUNT_OPTIONS = [SETS, CLEARS, RARE_OPTIONS].flatMap(Object.keys).sort();

export function featuresDocument({ version, commit, seccomp, kernel }: FeatureParts): object {
  const granted = Object.entries(kernel).map(([name, value]) => [`vz.kernel.${name}`, value]);
  return {
    ociVersionMin: OCI_VERSION_LEAST,
    ociVersionMax: OCI_VERSION_MOST,
    hooks: HOOK_KINDS,
    mountOptions: MOUNT_OPTIONS,
    linux: {
      namespaces: Object.keys(NAMESPACES).sort(),
      capabilities: CAPABILITIES.map((name) => `CAP_${name}`),
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
      seccomp,
      apparmor: { enabled: true },
      // processes get their labels, mounts do not
      selinux: { enabled: false },
      memoryPolicy: { modes: [], flags: [] },
      intelRdt: { enabled: false, schemata: false, monitoring: false },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: false },
    },
    annotations: {
      "vz.version": version,
      "vz.commit": commit,
      "vz.isolations": ISOLATIONS.join(","),
      ...Object.fromEntries(granted),
    },
    // a final dot makes it a prefix
    potentiallyUnsafeConfigAnnotations: ["vz."],
  };
}

/** The names in a table of refusals that are granted (null), with commas between them. */
export function grantedNames(refusals: Readonly<Record<string, string | null>>): string {
  return Object.keys(refusals)
    .filter((name) => refusals[name] === null)
    .sort()
    .join(",");
}
