/** Changes the limits of a container that is there; what cannot be set is an error, and then all stays as it was. */
import { Status, VzError } from "../../../common/errors.ts";
import { applyLimits } from "./apply-limits.ts";
import { readControl, writeControl } from "./control-files.ts";
import type { Hierarchies } from "./hierarchies.ts";
import { FIELD, isSet } from "./limits.ts";
import { type Place, placesOfDirectories } from "./path.ts";
import { limitsFor, type Teller } from "./plan.ts";
import type { OciResources } from "./resources.ts";
import { isCgroup } from "./tree.ts";

const refuse: Teller = {
  add(what, why) {
    throw new VzError(Status.failed, `${what.replace(`${FIELD}.`, "")}: ${why}`);
  },
};

/**
 * Version 2 has one number, or one file, for what the specification has in two fields: one that `resources` leaves out keeps its
 * current value.
 * @param read a control file of version 2 of the container's; null where there is none
 */
export function withCurrent(resources: OciResources, read: (file: string) => string | null): OciResources {
  const { memory, cpu } = resources;
  let whole = resources;
  const bytes = Number(read("memory.max") ?? Number.NaN);
  if (memory !== undefined && isSet(memory.swap) && !isSet(memory.limit) && Number.isSafeInteger(bytes))
    whole = { ...whole, memory: { ...memory, limit: bytes } };
  const quota = Number(read("cpu.max")?.split(" ")[0] ?? Number.NaN);
  if (cpu !== undefined && isSet(cpu.period) && !isSet(cpu.quota) && Number.isSafeInteger(quota))
    whole = { ...whole, cpu: { ...cpu, quota } };
  return whole;
}

/** @throws VzError 1 where version 2 would kill rather than refuse, and `checkBeforeUpdate` is set */
export function checkUsage(resources: OciResources, read: (file: string) => string | null): void {
  const { limit, checkBeforeUpdate } = resources.memory ?? {};
  const used = Number(read("memory.current") ?? 0);
  if (checkBeforeUpdate && isSet(limit) && limit >= 0 && limit < used)
    refuse.add(`${FIELD}.memory.limit`, `${limit} is below the ${used} bytes in use`);
}

function readerOf(places: readonly Place[]): (file: string) => string | null {
  const place = places.find(({ version }) => version === 2);
  return (file) => (place === undefined ? null : readControl(`${place.directory}/${file}`));
}

/**
 * @param directories cgroups of the container
 * @throws VzError 1 naming the field that cannot be set
 */
export function updateCgroup(
  directories: readonly string[],
  hierarchies: Hierarchies,
  resources: OciResources,
): void {
  const places = placesOfDirectories(hierarchies, directories.filter(isCgroup));
  if (places.length === 0) throw new VzError(Status.failed, "the container has no cgroup");
  const read = readerOf(places);
  checkUsage(resources, read);
  // in an update "no limit" is a change like any other
  const limits = limitsFor(withCurrent(resources, read), places, refuse).map((one) => ({
    ...one,
    free: false,
  }));
  const before: [path: string, text: string][] = [];
  try {
    applyLimits(limits, refuse, new Map(), (path, text) => {
      const old = readControl(path);
      writeControl(path, text);
      if (old !== null && old !== "" && !old.includes("\n")) before.push([path, old]);
    });
  } catch (error) {
    // twice: what is refused in this order may be taken the second time
    for (const [path, text] of [...before.toReversed(), ...before.toReversed()]) {
      try {
        writeControl(path, text);
      } catch {
        // the other pass sets it
      }
    }
    throw error;
  }
}
