/** What the verbs do to containers. One call at a time works on a container; every one can be repeated. */
import { renameSync, rmSync } from "node:fs";
import type { ContainerRow, StartRequest } from "../../common/contract/protocol.ts";
import { startSpec } from "../../common/contract/start-request.ts";
import { isVzError } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { openStore } from "../store/real-system.ts";
import { keepRunning, keptRunning, requireInittab, tellInit } from "../supervise/init.ts";
import { exists } from "../system/exists.ts";
import { withLock } from "../system/lock.ts";
import { awaitStart } from "./await-start.ts";
import { type Prepared, prepare, putInPlace } from "./install.ts";
import { launchOnce } from "./launch.ts";
import { logSize } from "./log-file.ts";
import { asideOf, type Places, placesOf } from "./places.ts";
import { runnersOf } from "./processes.ts";
import { type ContainerRecord, readRecord, writeRecord } from "./record.ts";
import { readRow, unknownContainer } from "./rows.ts";
import { signalAll, waitFor } from "./signal.ts";
import { forgetState, observe } from "./state.ts";
import { stopContainer, whileEnded } from "./stop.ts";
import { repair } from "./tree.ts";

/** Has the container run as the request says; changes nothing where it already does. */
export async function startContainer(name: string, asked: StartRequest, io: Io): Promise<ContainerRow> {
  if (asked.restart === "always") requireInittab();
  return withLock(name, async () => {
    repair(name);
    const places = placesOf(name);
    const old = readRecordOrNull(name, places);
    // Requests are compared by whole ids. The recorded id needs no look-up: a container runs on when its image is gone.
    const request = old?.image === asked.image ? asked : { ...asked, image: openStore().get(asked.image).id };
    const same = old?.spec === startSpec(request) && exists(places.config);
    const logFrom = logSize(places.log);
    let renew = !same;
    if (!same) {
      const prepared = await prepareOrNothing(name, request);
      for (const warning of prepared.warnings) io.err(`vz: container ${name}: ${warning}\n`);
      if (request.restart === "always" && keptRunning().includes(name) && exists(places.bundle)) {
        await whileEnded(name, places, async () => {
          putInPlace(name, prepared);
          await renewLine(name, places);
          renew = false;
          // Last: removing the state also removes the lock that keeps starts away.
          await forgetState(name);
        });
      } else {
        if (exists(places.bundle)) await stopContainer(name, places);
        // Before the new bundle is in place, which must never meet the old one's state.
        await forgetState(name);
        putInPlace(name, prepared);
      }
    } else if (request.restart === "always" && observe(name)?.status !== "running") {
      // It ended, could not be started or waits between two tries: whoever asks for it now wants it tried now.
      await forgetState(name);
      signalAll(runnersOf(places.bundle), "SIGKILL");
    }
    await handOver(name, places, renew);
    const mayEnd = request.restart === "never";
    if (same && mayEnd) return readRow(name);
    await awaitStart({ name, places, logFrom, mayEnd });
    return readRow(name);
  });
}

/** Makes the bundle; what is left of one that cannot be finished, on a full disk for instance, is removed. */
async function prepareOrNothing(name: string, request: StartRequest): Promise<Prepared> {
  try {
    return await prepare(name, request);
  } catch (error) {
    repair(name);
    throw error;
  }
}

/** Milliseconds that init may take to start a runner for a line; it is told again meanwhile. */
const LINE_MS = 3000;

/**
 * Where init is sysvinit, gives the container's line another id (inittab.ts) while its runners wait, and waits until init has read
 * the line. Otherwise init would end what it started for the old line at the next change of its table.
 */
async function renewLine(name: string, places: Places): Promise<void> {
  if (requireInittab() !== "sysvinit") return;
  const pids = () => runnersOf(places.bundle).map(({ pid }) => pid);
  await waitFor(() => pids().length > 0, LINE_MS);
  const ofOldLine = new Set(pids());
  await keepRunning(name, true);
  let asked = 0;
  await waitFor(() => {
    if (++asked % 10 === 0) tellInit();
    return pids().some((pid) => !ofOldLine.has(pid));
  }, LINE_MS);
}

/** Hands the container to init, unless init has it already. @param renew as in inittab.ts */
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
    if (!exists(places.bundle)) throw unknownContainer(name);
    await stopContainer(name, places);
    return readRow(name);
  });
}

/** Stops the container and removes it with its log; its volumes stay. */
export async function remove(name: string): Promise<void> {
  await withLock(name, async () => {
    repair(name);
    const places = placesOf(name);
    if (!exists(places.bundle)) throw unknownContainer(name);
    await stopContainer(name, places);
    renameSync(places.bundle, asideOf(name, "gone"));
    repair(name);
    await forgetState(name);
    rmSync(places.log, { force: true });
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
