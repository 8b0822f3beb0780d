/** Takes an upload into the store, in a process of its own. */
import { spawnSync } from "node:child_process";
import { unlinkSync } from "node:fs";
import { INCOMING_DIR } from "../../../common/contract/paths.ts";
import type { LoadAnswer } from "../../../common/contract/protocol.ts";
import { Status } from "../../../common/errors.ts";

/** Reading and checking a large image on a slow VPS takes minutes, never an hour. */
const PATIENCE_MS = 3_600_000;

/**
 * Takes the upload `name` into the store, in a process of its own, so that the archive's code and memory are gone when it
 * ends.
 * @returns the loader's status, what it wrote to standard error, and its answer where it ended well
 */
export function loadUpload(name: string): { status: number; stderr: string; answer: LoadAnswer | null } {
  const file = `${INCOMING_DIR}/${name}`;
  const loader = spawnSync(process.execPath, ["load-image", file], {
    argv0: "vz",
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    timeout: PATIENCE_MS,
  });
  if (loader.error !== undefined) throw loader.error;
  const status = loader.status ?? Status.failed;
  // Bad data stays bad and takes room on a small disk; any other failure may pass, and then the file is needed.
  if (status === Status.ok || status === Status.badData) removeUpload(file);
  const answer: LoadAnswer | null = status === Status.ok ? JSON.parse(loader.stdout) : null;
  return { status, stderr: loader.stderr, answer };
}

function removeUpload(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // A directory, say: the answer is settled, and whoever put it there can take it away.
  }
}
