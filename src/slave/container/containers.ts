/** The containers of this slave: what the verbs do. One call at a time works on a container; every one can be repeated. */
import { renameSync, rmSync } from "node:fs";
import { isVzError, Status, VzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import type { ContainerRow, StartRequest } from "../../common/protocol.ts";
import { startSpec } from "../../common/start-request.ts";
import { keepRunning, keptRunning, requireInittab } from "../supervise/init.ts";
import { ifUnlocked, withLock } from "../supervise/lock.ts";
import { awaitStart } from "./await-start.ts";
import { prepare, putInPlace, resolveImage } from "./install.ts";
import { launchOnce } from "./launch.ts";
import { cutLog, logSize } from "./log-file.ts";
import { asideOf, LOG_LIMIT, type Places, placesOf } from "./places.ts";
import { ProcessesByRoot } from "./processes.ts";
import { type ContainerRecord, containerNames, readRecord, writeRecord } from "./record.ts";
import { containerRow, damagedRow } from "./row.ts";
import { forgetState, observe } from "./state.ts";
import { stopContainer } from "./stop.ts";
import { exists, repair, unrepaired } from "./tree.ts";

/** Starts the container, or has it run as the request says now. Nothing changes where it does so already. */
export async function startContainer(name: string, asked: StartRequest, io: Io): Promise<ContainerRow> {
  if (asked.restart === "always") requireInittab();
  return withLock(name, async () => {
    repair(name);
    const places = placesOf(name);
    const { request, image } = resolveImage(asked);
    const old = readRecordOrNull(name, places);
    const same = old?.spec === startSpec(request) && old.desired === "running" && exists(places.config);
    const logFrom = logSize(places.log);
    if (!same) {
      const prepared = await prepare(name, request, image);
      for (const warning of prepared.warnings) io.err(`vz: container ${name}: ${warning}\n`);
      if (exists(places.bundle)) await stopContainer(name, places, old);
      putInPlace(name, prepared);
      forgetState(places);
    }
    await handOver(name, places, !same);
    const mayEnd = request.restart === "never";
    if (same && mayEnd) return row(name);
    await awaitStart({ name, places, logFrom, mayEnd });
    return row(name);
  });
}

/** Hands the container to init, unless it has it already. @param renew as in inittab.ts */
async function handOver(name: string, places: Places, renew: boolean): Promise<void> {
  const record = readRecord(name, places);
  if (record === undefined) throw unknownContainer(name);
  if (record.restart === "always") {
    await keepRunning(name, renew);
  } else if (!record.launched) {
    // Marked first: what is to run once must not run twice, even if this call is killed in between.
    writeRecord(places, { ...record, launched: true });
    launchOnce(places.bundle);
  }
}

export async function stop(name: string): Promise<ContainerRow> {
  return withLock(name, async () => {
    repair(name);
    const places = placesOf(name);
    const record = readRecord(name, places);
    if (record === undefined) throw unknownContainer(name);
    await stopContainer(name, places, record);
    return row(name);
  });
}

/** Stops the container and removes it with its log; its volumes stay. */
export async function remove(name: string): Promise<void> {
  await withLock(name, async () => {
    repair(name);
    const places = placesOf(name);
    if (!exists(places.bundle)) throw unknownContainer(name);
    await stopContainer(name, places, readRecordOrNull(name, places));
    renameSync(places.bundle, asideOf(name, "gone"));
    repair(name);
    forgetState(places);
    rmSync(places.log, { force: true });
  });
}

export function rows(): ContainerRow[] {
  const all = new ProcessesByRoot();
  const supervised = keptRunning();
  return containerNames().map((name) => readRow(name, all, supervised));
}

function row(name: string): ContainerRow {
  return readRow(name, new ProcessesByRoot(), keptRunning());
}

function readRow(name: string, all: ProcessesByRoot, supervised: readonly string[]): ContainerRow {
  const places = placesOf(name);
  let record: ContainerRecord | undefined;
  try {
    record = readRecord(name, places);
  } catch (error) {
    if (!isVzError(error)) throw error;
    return damagedRow(name, error.message);
  }
  if (record === undefined) return damagedRow(name, "its record is missing: remove it");
  const rss = all.in(places.rootfs).reduce((sum, process) => sum + process.rss, 0);
  return containerRow(record, observe(places), rss, supervised.includes(name));
}

/** Cuts all logs back, and ends what killed calls left. Every call of vzexec does it; it costs a few system calls. */
export function tidy(): void {
  for (const name of containerNames()) cutLog(placesOf(name).log, LOG_LIMIT);
  for (const name of unrepaired()) ifUnlocked(name, () => repair(name));
}

export function unknownContainer(name: string): VzError {
  return new VzError(Status.failed, `container ${name}: there is none of that name`, {
    hint: "vzexec ps lists them",
  });
}

/** A damaged record must not keep a container from being stopped, replaced or removed. */
function readRecordOrNull(name: string, places: Places): ContainerRecord | null {
  try {
    return readRecord(name, places) ?? null;
  } catch (error) {
    if (isVzError(error)) return null;
    throw error;
  }
}
