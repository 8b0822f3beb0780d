/** The state of a container as the specification has it ("State"), for hooks and for the listener of a filter. */
import type { Bundle } from "../life/model.ts";

/** @returns one line of JSON */
export function hookState(
  { id, bundle }: { readonly id: string; readonly bundle: Bundle },
  status: string,
  pid: number,
): string {
  const { config, plan } = bundle;
  const { ociVersion, annotations = {} } = config;
  return JSON.stringify({ ociVersion, id, status, pid, bundle: plan.bundle, annotations });
}
