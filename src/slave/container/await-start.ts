/** Waits until a container that init was told of runs, or clearly will not. */
import { setTimeout as sleep } from "node:timers/promises";
import { Status, VzError } from "../../common/errors.ts";
import { printable } from "../../common/printable.ts";
import { tellInit } from "../supervise/init.ts";
import { tailLog } from "./log-file.ts";
import type { Places } from "./places.ts";
import { type Observed, observe } from "./state.ts";

const POLL_MS = 20;
/** busybox looks at its table once a second; a slow VPS needs its time too. */
const PATIENCE_MS = 8_000;
/** How often init is told again while it has done nothing. */
const REMIND_MS = 500;
/** A program that lives this long has not ended at once. */
const SETTLE_MS = 400;

export interface Expectation {
  readonly name: string;
  readonly places: Places;
  /** Bytes of the log before the start: what comes behind them tells why a start failed. */
  readonly logFrom: number;
  /** A container that runs once may have ended well by now. */
  readonly mayEnd: boolean;
}

/**
 * @returns once the program runs, or a program that may end has ended
 * @throws VzError with the status of runch (125 to 127) where runch could not start it, 1 for a program that ends at once, 124 when
 *   init does nothing
 */
export async function awaitStart(expected: Expectation): Promise<void> {
  let first: Observed | undefined;
  let lived = 0;
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    const seen = observe(expected.name) ?? undefined;
    const { reason, exitStatus = Status.runnerFailed } = seen?.file ?? {};
    if (reason != null) throw new VzError(exitStatus, `container ${expected.name}: ${printable(reason)}`);
    if (seen?.status === "running") {
      if (first !== undefined && first.file.pid !== seen.file.pid) throw endedAtOnce(expected);
      first = seen;
      lived += POLL_MS;
      if (lived > SETTLE_MS || Date.now() - Date.parse(seen.file.started) > 4 * SETTLE_MS) return;
    } else if (first !== undefined || seen?.status === "stopped" || seen?.status === "restarting") {
      if (expected.mayEnd) return;
      throw endedAtOnce(expected);
    }
    await sleep(POLL_MS);
    if (seen === undefined && waited % REMIND_MS === 0) tellInit();
  }
  throw new VzError(Status.timedOut, `container ${expected.name}: init did not start it in time`);
}

function endedAtOnce({ name, places, logFrom }: Expectation): VzError {
  const said = lastWords(places, logFrom);
  const hint = said === undefined ? `it wrote nothing; vzexec logs ${name}` : `its last words: ${said}`;
  return new VzError(Status.failed, `container ${name}: its program ended at once`, { hint });
}

/** What the program wrote last; runch's own lines stand between its runs. */
function lastWords(places: Places, from: number): string | undefined {
  const line = tailLog(places.log, 20, 64 * 1024, from).findLast((one) => !one.startsWith("runch: "));
  return line === undefined || line.trim() === "" ? undefined : printable(line).slice(0, 300);
}
