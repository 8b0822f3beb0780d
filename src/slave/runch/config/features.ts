/** Gathers what `runch features` prints. */
import * as sys from "vz:sys";
import { version } from "../../../common/command/version.ts";
import { findControllers } from "../../probe/cgroup-controllers.ts";
import { tryCalls, tryMounts, tryNamespaces } from "../../probe/kernel-grants.ts";
import { ACTION_NAMES } from "../seccomp/actions.ts";
import { seccompFeatures } from "../seccomp/kernel.ts";
import { featuresDocument, grantedNames } from "./features-document.ts";

/** The document as JSON. */
export function features(): string {
  const { actions, ...seccomp } = seccompFeatures();
  const { v1, v2 } = findControllers();
  const document = featuresDocument({
    ...version(),
    seccomp: { enabled: true, actions: ACTION_NAMES, ...seccomp },
    kernel: {
      release: sys.uname().release,
      namespaces: grantedNames(tryNamespaces()),
      mounts: grantedNames(tryMounts(null)),
      calls: grantedNames(tryCalls()),
      "seccomp.actions": actions.join(","),
      "cgroup.v1": v1.join(","),
      "cgroup.v2": (v2 ?? []).join(","),
    },
  });
  return `${JSON.stringify(document, null, 2)}\n`;
}
