/** The state of a container as the specification has it ("State"), for hooks and for the listener of a filter. */
import type { ContainerStateFile } from "../../../common/contract/container-state.ts";
import type { Bundle } from "../life/model.ts";

type Status = "creating" | "created" | "running" | "stopped";

/** The state of a container by its state file. @returns one line of JSON */
export function hookState(
  of: Pick<ContainerStateFile, "ociVersion" | "id" | "bundle" | "annotations">,
  status: Status,
  pid: number,
): string {
  const { ociVersion, id, bundle, annotations } = of;
  return JSON.stringify({ ociVersion, id, status, pid, bundle, annotations });
}

/** The same for a container that is being made. */
export function bundleState(
  { id, bundle }: { readonly id: string; readonly bundle: Bundle },
  status: Status,
  pid: number,
): string {
  const { config, plan } = bundle;
  const { ociVersion, annotations = {} } = config;
  return hookState({ ociVersion, id, bundle: plan.bundle, annotations }, status, pid);
}
