/** What a container is doing, from what runch remembers and from /proc. */
import { readFileSync, rmSync } from "node:fs";
import {
  type ContainerStateFile,
  parseState,
  type RunStatus,
  statusOf,
} from "../../common/container-state.ts";
import { hasCode } from "../../common/errors.ts";
import type { Places } from "./places.ts";

export interface Observed {
  readonly file: ContainerStateFile;
  readonly status: RunStatus;
}

/** Null where runch has not come to it since the boot, or since the state was forgotten. */
export function observe(places: Places): Observed | null {
  const content = readOrNull(`${places.state}/state.json`);
  const file = content === null ? null : parseState(content);
  if (file === null) return null;
  const stat = file.pid > 0 ? readOrNull(`/proc/${file.pid}/stat`) : null;
  const boot = readOrNull("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  return { file, status: statusOf(file, stat, boot) };
}

/** The next run counts as the first: no restarts, no back-off. */
export function forgetState(places: Places): void {
  rmSync(places.state, { recursive: true, force: true });
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "ESRCH")) return null;
    throw error;
  }
}
