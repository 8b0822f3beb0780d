/** Stops a container for good: nothing starts it again, neither init nor a boot, until it is started on purpose. */
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Status, VzError } from "../../common/errors.ts";
import { keptRunning, letGo, tellInit } from "../supervise/init.ts";
import type { Places } from "./places.ts";
import { ProcessesByRoot, runnersOf } from "./processes.ts";
import { signalAll, waitFor } from "./signal.ts";

/** What a program gets between TERM and KILL, in milliseconds. */
const GRACE_MS = 10_000;
/** How long a killed process may stay on, in a disk's or a network's hands. */
const KILL_MS = 5_000;
/** Longer than sysvinit takes to read its table. */
const REMIND_MS = 60;

/**
 * The order keeps init from winning the race, and a call that is killed at any point can be made again. First the bundle
 * loses its config.json: whatever init starts from now on finds nothing to run. So the program gets its whole grace,
 * which is longer than the three seconds that sysvinit gives it once its line is gone. Only then goes the line.
 */
export async function stopContainer(name: string, places: Places): Promise<void> {
  rmSync(places.config, { force: true });
  await endProgram(name, places);
  if (keptRunning().includes(name)) {
    await letGo(name);
    // For the case that the first word came while init was reading its table for somebody else.
    await sleep(REMIND_MS);
    tellInit();
  }
  await endRunners(name, places);
}

/** Ends all processes of the container, also those that left their parent. */
async function endProgram(name: string, places: Places): Promise<void> {
  const program = () => new ProcessesByRoot().in(places.rootfs);
  const gone = () => {
    // A runner that read its config.json before it went may yet become the program.
    signalAll(runnersOf(places.bundle), "SIGKILL");
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
