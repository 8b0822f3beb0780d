/** The containers of this slave as they are now. Apart from what changes them, so that `vzexec ps` loads little. */

import type { ContainerRow } from "../../common/contract/protocol.ts";
import { isVzError, reason, Status, VzError } from "../../common/errors.ts";
import { keptRunning } from "../supervise/init.ts";
import { exists } from "../system/exists.ts";
import { ifUnlocked } from "../system/lock.ts";
import { cutLog } from "../system/log-file.ts";
import { LOG_LIMIT, placesOf } from "./places.ts";
import { ProcessesByRoot } from "./processes.ts";
import { type ContainerRecord, containerNames, readRecord } from "./record.ts";
import { residentBytes } from "./resident.ts";
import { containerRow, damagedRow } from "./row.ts";
import { observe } from "./state.ts";
import { unrepaired } from "./tree.ts";

/** Rows of all containers, by name. */
export function rows(): ContainerRow[] {
  const all = new ProcessesByRoot();
  const supervised = keptRunning();
  return containerNames().map((name) => readRow(name, all, supervised));
}

export function readRow(
  name: string,
  all = new ProcessesByRoot(),
  supervised: readonly string[] = keptRunning(),
): ContainerRow {
  const places = placesOf(name);
  let record: ContainerRecord | undefined;
  try {
    record = readRecord(name, places);
  } catch (error) {
    if (!isVzError(error)) throw error;
    return damagedRow(name, error.message);
  }
  if (record === undefined) return damagedRow(name, "its record is missing: remove it");
  const rss = all.in(places.rootfs).reduce((sum, process) => sum + residentBytes(process), 0);
  return containerRow(record, exists(places.config), observe(name), rss, supervised.includes(name));
}

/**
 * Cuts all logs back, and ends what killed calls left. Every call of vzexec does it; it costs a few system calls. What
 * cannot be done for one container, on a read-only disk for instance, is told and stops nothing else.
 */
export async function tidy(tell: (line: string) => void): Promise<void> {
  const attempt = (name: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      tell(`vz: container ${name}: not tidied up: ${reason(error)}\n`);
    }
  };
  for (const name of containerNames()) attempt(name, () => cutLog(placesOf(name).log, LOG_LIMIT));
  const left = unrepaired();
  if (left.length === 0) return;
  const { repair } = await import("../vzexec/acts.ts");
  for (const name of left) attempt(name, () => ifUnlocked(name, () => repair(name)));
}

export function unknownContainer(name: string): VzError {
  return new VzError(Status.failed, `container ${name}: there is none of that name`, {
    hint: "vzexec ps lists them",
  });
}
