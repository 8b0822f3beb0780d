/** What labs make once and keep: root filesystems and kernels. Each is there whole or not at all, however its making ends. */
import { closeSync, existsSync, renameSync, rmSync } from "node:fs";
import { syncPath } from "../../common/files.ts";
import type { Io } from "../../common/io.ts";
import { waitForLock } from "./lock.ts";
import { cacheDir, list } from "./state.ts";

export interface Making {
  readonly cache: string;
  /** Where to make it; it is renamed afterwards. Does not exist yet. */
  readonly part: string;
  /** A place for what only the making needs. Does not exist yet. */
  readonly scratch: string;
  /** The cache's lock. Programs that take part in the making must hold it too: they may die after their starter. */
  readonly lock: number;
}

/** Path of `name` in the cache; calls `make` first if it is not there. */
export function ensureCached(io: Io, name: string, make: (making: Making) => void): string {
  const cache = cacheDir(io.env);
  const path = `${cache}/${name}`;
  if (existsSync(path)) return path;
  const lock = waitForLock(cache, `${cache}/lock`, () =>
    io.err("vz: lab: waiting for another vz lab, which fills the cache\n"),
  );
  try {
    if (!existsSync(path)) {
      const [part, scratch] = [`${path}.part`, `${cache}/tmp.part`];
      removeParts(cache);
      make({ cache, part, scratch, lock });
      renameSync(part, path);
      syncPath(cache);
      removeParts(cache);
    }
  } finally {
    closeSync(lock);
  }
  return path;
}

function removeParts(cache: string): void {
  for (const name of list(cache).filter((entry) => entry.endsWith(".part")))
    rmSync(`${cache}/${name}`, { recursive: true, force: true });
}
