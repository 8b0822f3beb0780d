/**
 * The store's one lock. Whoever adds to the store or links to its objects holds it shared; whoever takes anything away
 * holds it alone. A lock ends with its process, so what a process that holds it alone finds in staging/ is a dead one's.
 */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Status, VzError } from "../../common/errors.ts";
import { PRIVATE, type StorePaths } from "./layout.ts";
import type { StoreSystem } from "./system.ts";

const POLL_MS = 50;
/** A load of a large image on a slow disk takes minutes; nobody who types a command waits that long. */
const PATIENCE_MS = 30_000;

export class StoreLock {
  readonly #fd: number;
  readonly #system: StoreSystem;

  constructor(paths: StorePaths, system: StoreSystem) {
    for (const directory of [paths.objects, paths.images, paths.staging]) {
      mkdirSync(directory, { recursive: true, mode: PRIVATE });
    }
    this.#fd = openSync(paths.lock, "a", 0o600);
    this.#system = system;
  }

  /** Takes the lock, or changes the one that is held, if nobody is in the way. */
  tryTake(kind: "shared" | "exclusive"): boolean {
    return this.#system.tryLock(this.#fd, kind);
  }

  /** @throws VzError 75 when others do not let go in time */
  async take(kind: "shared" | "exclusive", patience: number = PATIENCE_MS): Promise<void> {
    for (let waited = 0; !this.tryTake(kind); waited += POLL_MS) {
      if (waited >= patience) {
        throw new VzError(Status.tryAgain, "image store: in use by another command", {
          hint: "try again once the load or start that is under way has ended",
        });
      }
      await sleep(POLL_MS);
    }
  }

  release(): void {
    closeSync(this.#fd);
  }
}
