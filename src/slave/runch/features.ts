/** Gathers what `runch features` prints. */
import * as sys from "vz:sys";
import { version } from "../../common/version.ts";
import { parseCgroups } from "../cgroups.ts";
import { tryCalls, tryMounts, tryNamespaces } from "../kernel-grants.ts";
import { featuresDocument, grantedNames } from "./features-document.ts";
import { readTextIfAny } from "./files.ts";

function kernel(): Record<string, string> {
  const { v1, v2 } = parseCgroups(readTextIfAny("/proc/mounts") ?? "", readTextIfAny("/proc/cgroups") ?? "");
  const unified = v2 === null ? null : readTextIfAny(`${v2}/cgroup.controllers`);
  return {
    release: sys.uname().release,
    namespaces: grantedNames(tryNamespaces()),
    mounts: grantedNames(tryMounts(null)),
    calls: grantedNames(tryCalls()),
    "cgroup.v1": v1.join(","),
    "cgroup.v2": (unified ?? "").trim().replaceAll(" ", ","),
  };
}

/** The document as JSON. */
export function features(): string {
  const document = featuresDocument({ ...version(), seccomp: { enabled: false }, kernel: kernel() });
  return `${JSON.stringify(document, null, 2)}\n`;
}
