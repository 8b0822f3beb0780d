/** The FIFOs on which a created container's process waits for `start`, and tells it what came of it. */
import * as sys from "vz:sys";
import { hasCode, Status, VzError } from "../../../common/errors.ts";
import { readAll } from "../../system/files.ts";
import { S_IFIFO } from "../../system/linux.ts";
import { reported } from "./reported.ts";

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = sys.constants;

function goFifo(root: string, id: string): string {
  return `${root}/${id}/exec.fifo`;
}

function resultFifo(root: string, id: string): string {
  return `${root}/${id}/result.fifo`;
}

/** Descriptors of the parked process. */
export interface Park {
  readonly go: number;
  readonly result: number;
}

export function makeFifos(root: string, id: string): void {
  sys.mknod(goFifo(root, id), S_IFIFO | 0o600, 0, 0);
  sys.mknod(resultFifo(root, id), S_IFIFO | 0o600, 0, 0);
}

/** The parked process's side: open for both, so that neither open nor read waits for a partner. */
export function openFifos(root: string, id: string): Park {
  return { go: sys.open(goFifo(root, id), O_RDWR), result: sys.open(resultFifo(root, id), O_RDWR) };
}

/**
 * Lets the parked process go, and waits until it is its program.
 * @throws VzError 1 where it cannot be started any more; what it reports otherwise
 */
export function release(root: string, id: string): void {
  const fifo = goFifo(root, id);
  let result = -1;
  try {
    result = sys.open(resultFifo(root, id), O_RDONLY | O_NONBLOCK);
    // only one of two starts at once gets to rename it
    sys.rename(fifo, `${fifo}.used`);
    const fd = sys.open(`${fifo}.used`, O_WRONLY | O_NONBLOCK);
    sys.writeAll(fd, "0");
    sys.close(fd);
    sys.unlink(`${fifo}.used`);
  } catch (error) {
    if (result >= 0) sys.close(result);
    // ENOENT: started just now by another; ENXIO: the process has ended
    if (!hasCode(error, "ENOENT", "ENXIO")) throw error;
    throw new VzError(Status.failed, `container ${id}: cannot be started any more`, { cause: error });
  }
  sys.setNonblock(result, false);
  const text = readAll(result);
  sys.close(result);
  if (text === "") return;
  throw reported(text);
}
