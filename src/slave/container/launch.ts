/** Starts a container that is to run once: init would start it again, so it is only handed to init as an orphan. */
import * as sys from "vz:sys";
import { RUNCH_BINARY } from "../../common/contract/paths.ts";
import { Status, VzError } from "../../common/errors.ts";

/** init's own environment for what it starts (sysvinit), so that both ways give a container the same. */
const ENVIRONMENT = ["PATH=/sbin:/usr/sbin:/bin:/usr/bin", "HOME=/", "TERM=linux"];

/** @throws VzError 125 when the runner cannot be started at all; the runner writes later failures into the container's state */
export function launchOnce(bundle: string): void {
  const child = sys.fork();
  if (child === 0) {
    let status = 0;
    try {
      const words = ["runch", "start", bundle];
      sys.spawn(RUNCH_BINARY, words, { env: ENVIRONMENT, cwd: "/", stdio: [-1, -1, -1], detached: true });
    } catch {
      status = 1;
    }
    sys.exit(status);
  }
  if (sys.waitpid(child)?.code !== 0)
    throw new VzError(Status.runnerFailed, `${RUNCH_BINARY}: cannot be run`);
}
