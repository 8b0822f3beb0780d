/** `process.oomScoreAdj` of config.json (proc(5)). */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import type { Shortfalls } from "../shortfalls.ts";

const { O_WRONLY } = sys.constants;

function write(path: string, text: string): void {
  const fd = sys.open(path, O_WRONLY);
  try {
    sys.writeAll(fd, text);
  } finally {
    sys.close(fd);
  }
}

/**
 * Writes to the machine's /proc, so it has to be called before the root changes. Before Linux 2.6.36 there is only oom_adj, from
 * -17 to 15.
 * @param process as /proc names it
 */
export function setOomScore(process: number | "self", adjustment: number, short: Shortfalls): void {
  try {
    try {
      write(`/proc/${process}/oom_score_adj`, `${adjustment}`);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
      write(`/proc/${process}/oom_adj`, `${Math.round((adjustment * (adjustment < 0 ? 17 : 15)) / 1000)}`);
    }
  } catch (error) {
    short.add("process.oomScoreAdj", reason(error));
  }
}
