/** What every call of `vzexec` puts right first. Not in containers.ts, so that `vzexec ps` loads little. */
import * as sys from "vz:sys";
import { CONTAINERS_DIR } from "../../common/contract/paths.ts";
import { reason } from "../../common/errors.ts";
import { exists } from "../system/exists.ts";
import { ifUnlocked } from "../system/lock.ts";
import { cutLog } from "../system/log-file.ts";
import { LOG_LIMIT, placesOf, readAside } from "./places.ts";
import { containerNames } from "./record.ts";

/** Names of containers of which killed calls left something. */
function unrepaired(): string[] {
  if (!exists(CONTAINERS_DIR)) return [];
  return [...new Set(sys.readdir(CONTAINERS_DIR).flatMap((entry) => readAside(entry.name)?.name ?? []))];
}

/**
 * Cuts all logs back, and ends what killed calls left. Every call of vzexec does it; it costs a few system calls. What
 * cannot be done for one container, on a read-only disk for instance, is told and stops nothing else.
 */
export async function tidy(tell: (line: string) => void): Promise<void> {
  const attempt = (name: string, work: () => void) => {
    try {
      work();
    } catch (error) {
      tell(`vz: container ${name}: not tidied up: ${reason(error)}\n`);
    }
  };
  for (const name of containerNames()) attempt(name, () => cutLog(placesOf(name).log, LOG_LIMIT));
  const left = unrepaired();
  if (left.length === 0) return;
  const { repair } = await import("./tree.ts");
  for (const name of left) attempt(name, () => ifUnlocked(name, () => repair(name)));
}
