/** The containers of this slave as they are now. */

import type { ContainerRow } from "../../common/contract/protocol.ts";
import { isVzError, Status, VzError } from "../../common/errors.ts";
import { keptRunning } from "../supervise/init.ts";
import { exists } from "../system/exists.ts";
import { placesOf } from "./places.ts";
import { ProcessesByRoot } from "./processes.ts";
import { type ContainerRecord, containerNames, readRecord } from "./record.ts";
import { residentBytes } from "./resident.ts";
import { containerRow, damagedRow } from "./row.ts";
import { observe } from "./state.ts";

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

export function unknownContainer(name: string): VzError {
  return new VzError(Status.failed, `container ${name}: there is none of that name`, {
    hint: "vzexec ps lists them",
  });
}
