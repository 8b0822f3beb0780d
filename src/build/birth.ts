/** Which files were born since a moment: what tells a file that a run made from one that it opened with O_CREAT. */
import { spawnSync } from "node:child_process";
import { lstatSync } from "node:fs";
import { toFs } from "./names.ts";
import { parentOf } from "./walk.ts";

/** Names a command line may hold at once. */
const BATCH = 200;

/**
 * @param paths byte strings of existing files
 * @param since milliseconds since the epoch
 */
export function bornSince(paths: readonly string[], since: number): Set<string> {
  const born = new Set<string>();
  for (let at = 0; at < paths.length; at += BATCH) {
    const batch = paths.slice(at, at + BATCH);
    const times = birthTimes(batch);
    batch.forEach((path, i) => {
      const time = times?.[i] ?? 0;
      if (time > 0 ? time * 1000 >= since : looksBorn(path, since)) born.add(path);
    });
  }
  return born;
}

/** Seconds since the epoch, 0 where the file system does not tell; by stat(1), for Node's and vz's stat lack it. */
function birthTimes(paths: readonly string[]): number[] | undefined {
  const result = spawnSync("stat", ["-c", "%.9W", "--", ...paths.map(toFs)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (result.error !== undefined || result.status !== 0) return undefined;
  const times = result.stdout.trim().split("\n").map(Number);
  return times.length === paths.length && times.every(Number.isFinite) ? times : undefined;
}

/** A file that changed in a directory that changed too. */
function looksBorn(path: string, since: number): boolean {
  const time = (name: string) => lstatSync(toFs(name)).mtimeMs;
  try {
    return time(path) >= since && time(parentOf(path)) >= since;
  } catch {
    return false;
  }
}
