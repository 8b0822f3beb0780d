/** Stops a container: until somebody starts it on purpose, or only while its bundle is replaced. */
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Status, VzError } from "../../common/errors.ts";
import { keptRunning, letGo, tellInit } from "../supervise/init.ts";
import { holdStarts } from "./hold.ts";
import type { Places } from "./places.ts";
import { ProcessesByRoot, runnersOf } from "./processes.ts";
import { signalAll, waitFor } from "./signal.ts";

/** What a program gets between TERM and KILL, in milliseconds. */
const GRACE_MS = 10_000;
/** How long a killed process may live on, waiting for a disk or a network. */
const KILL_MS = 5_000;
/** Longer than sysvinit takes to read its table. */
const REMIND_MS = 60;

/**
 * Stops the container until somebody starts it on purpose. The order keeps init from starting it in between, and a call that
 * is killed at any point can be repeated. First the bundle loses its config.json: whatever init starts from now on finds
 * nothing to run. Then the program gets its whole grace, which is longer than the three seconds that sysvinit gives it once
 * its line is gone. The line goes last.
 */
export async function stopContainer(name: string, places: Places): Promise<void> {
  rmSync(places.config, { force: true });
  // A runner that has read config.json before may still become the program.
  await endProgram(name, places, () => signalAll(runnersOf(places.bundle), "SIGKILL"));
  if (keptRunning().includes(name)) {
    await letGo(name);
    // Once more: init forgets a signal that comes while it is reading its table.
    await sleep(REMIND_MS);
    tellInit();
  }
  await endRunners(name, places);
}

/**
 * Ends the container and calls `replace` while nothing starts it. init keeps its line and the bundle its config.json: a power cut at
 * any moment leaves a container that the next boot starts, the old one or the new one.
 */
export async function whileEnded(name: string, places: Places, replace: () => Promise<void>): Promise<void> {
  const release = await holdStarts(name, places, KILL_MS);
  if (release === null) throw stuck(name);
  try {
    // No runner has the lock. New ones wait and are left alone: sysvinit rests a line whose process ends again and again.
    await endProgram(name, places, () => {});
    await replace();
  } finally {
    release();
  }
}

/**
 * Ends all processes of the container, also those that left their parent.
 * @param also called before each look for them
 */
async function endProgram(name: string, places: Places, also: () => void): Promise<void> {
  const program = () => new ProcessesByRoot().in(places.rootfs);
  const gone = () => {
    also();
    return program().length === 0;
  };
  signalAll(program(), "SIGTERM");
  if (await waitFor(gone, GRACE_MS)) return;
  const killed = () => {
    signalAll(program(), "SIGKILL");
    return gone();
  };
  if (!(await waitFor(killed, KILL_MS))) throw stuck(name);
}

async function endRunners(name: string, places: Places): Promise<void> {
  const gone = () => {
    const runners = runnersOf(places.bundle);
    signalAll(runners, "SIGKILL");
    return runners.length === 0;
  };
  if (!(await waitFor(gone, KILL_MS))) throw stuck(name);
}

function stuck(name: string): VzError {
  return new VzError(Status.tryAgain, `container ${name}: a process does not end, not even by KILL`, {
    hint: "it waits for a disk or a network mount; try again later",
  });
}
