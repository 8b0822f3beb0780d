/** Whether a service's port answers, as seen from the master. */
import * as sys from "vz:sys";
import { Status, VzError } from "../../common/errors.ts";
import type { Host } from "../fleet/fleet.ts";
import { runProgram } from "./program.ts";

/** Milliseconds: for the port to answer after a start, for one attempt, between two. */
const PATIENCE = 30_000;
const ATTEMPT = 3_000;
const PAUSE = 250;

/** Waits until something accepts connections there. @throws VzError 124 */
export async function waitForPort(host: Host, port: number, what: string): Promise<void> {
  const address = await resolveAddress(host);
  const end = Date.now() + PATIENCE;
  let last = "";
  while (Date.now() < end) {
    const failure = await connect(address, port);
    if (failure === null) return;
    last = failure;
    await new Promise((resume) => setTimeout(resume, PAUSE));
  }
  const why = last === "ECONNREFUSED" ? "nothing listens there" : last;
  throw new VzError(
    Status.timedOut,
    `${what}: port ${port} does not answer within ${PATIENCE / 1000} s: ${why}`,
    { hint: "vz master logs SERVICE shows what it says" },
  );
}

/** One attempt: null when it was accepted, else the error's code. */
function connect(address: string, port: number): Promise<string | null> {
  const fd = sys.tcpConnect(address, port);
  return new Promise((resolve) => {
    const finish = (result: string | null) => {
      clearTimeout(timer);
      sys.unwatch(fd, "w");
      sys.close(fd);
      resolve(result);
    };
    const timer = setTimeout(() => finish("ETIMEDOUT"), ATTEMPT);
    sys.watch(fd, "w", () => finish(sys.socketError(fd)));
  });
}

/** The base connects to addresses only: a name is looked up by getent, as ssh would. */
async function resolveAddress({ name, address }: Host): Promise<string> {
  if (/^[0-9.]+$|:/.test(address)) return address;
  const found = await runProgram(["getent", "ahosts", address], { timeout: 10_000, maxBytes: 65_536 });
  const first = found.stdout.split(/\s/)[0];
  if (found.status === 0 && first !== undefined && first !== "") return first;
  throw new VzError(Status.unreachable, `${name}: ${address}: its name does not resolve`);
}
