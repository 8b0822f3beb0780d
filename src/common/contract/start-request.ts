/**
 * The request of `vzexec start` as words of a command line, and the digest by which `apply` sees whether a container
 * already runs what the fleet file asks for. The master writes the words, the slave reads them; both make the digest.
 */

import { sha256 } from "../digest.ts";
import type { StartRequest } from "./protocol.ts";

/** Words after `vzexec`: `start NAME --image …`; variables sorted by name. */
export function startWords(container: string, request: StartRequest): string[] {
  const words = ["start", container, `--image=${request.image}`, `--fleet=${request.fleet}`];
  for (const [name, value] of sortedEnv(request)) words.push(`--env=${name}=${value}`);
  for (const volume of request.volumes) words.push(`--volume=${volume}`);
  if (request.memory !== null) words.push(`--memory=${request.memory}`);
  words.push(`--restart=${request.restart}`);
  return words;
}

/** What `ContainerRow.spec` holds: SHA-256, hexadecimal, of the request in one fixed form. */
export function startSpec(request: StartRequest): string {
  const { image, fleet, volumes, memory, restart } = request;
  const fixed = JSON.stringify([1, image, fleet, sortedEnv(request), volumes, memory, restart]);
  return sha256(fixed);
}

function sortedEnv({ env }: StartRequest): [string, string][] {
  return Object.entries(env).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
