/** Files that appear whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, type Stats, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { reason, Status, VzError } from "../../common/errors.ts";
import { syncPath, temporaryBeside } from "../../common/files.ts";
import { cleaningUp } from "./cleaning-up.ts";

/** The longest that a signal waits: chunks may follow one another without a turn of the event loop. */
const DEAF_MS = 100;

/**
 * Checks, before any work, that `file` may be replaced: nobody means to replace a directory, a device, a pipe, or the file
 * that is read from.
 * @param source the file that is read for it, if any
 * @throws VzError 64
 */
export function checkOutput(file: string, source?: string): void {
  const bad = (why: string, hint?: string) =>
    new VzError(Status.usage, `${file}: ${why}`, hint === undefined ? {} : { hint });
  if (file === "-") throw bad("standard output is not written to", "a file of that name is ./-");
  const there = statOf(file);
  if (there === undefined) return;
  if (there.isDirectory()) throw bad("is a directory");
  if (!there.isFile()) throw bad("not a regular file");
  const read = source === undefined ? undefined : statOf(source);
  if (read?.ino === there.ino && read.dev === there.dev)
    throw bad("is what is read from", "-o takes another name");
}

/** @returns undefined when stat(2) fails; opening the file then says why */
function statOf(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}

/**
 * Writes `chunks` to `file` by way of a temporary name beside it. An error or a signal leaves nothing behind.
 * @returns bytes written
 * @throws VzError 64 as `checkOutput`, 71 when the file cannot be made or written; whatever `chunks` throws
 */
export async function writeWhole(file: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  checkOutput(file);
  const temporary = temporaryBeside(file);
  const os = <T>(call: () => T): T => {
    try {
      return call();
    } catch (cause) {
      throw new VzError(Status.osError, `${file}: ${reason(cause)}`, { cause });
    }
  };
  const fd = os(() => openSync(temporary, "wx", 0o644));
  const clean = () => rmSync(temporary, { force: true });
  try {
    return await cleaningUp(clean, async () => {
      const written = await writeAll(os, fd, chunks);
      os(() => renameSync(temporary, file));
      os(() => syncPath(dirname(file)));
      return written;
    });
  } catch (error) {
    clean();
    throw error;
  }
}

async function writeAll(
  os: <T>(call: () => T) => T,
  fd: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  let written = 0;
  let heard = Date.now();
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        at += os(() => writeSync(fd, chunk, at, chunk.length - at));
      }
      written += chunk.length;
      if (Math.abs(Date.now() - heard) < DEAF_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      heard = Date.now();
    }
    os(() => fsyncSync(fd));
    return written;
  } finally {
    closeSync(fd);
  }
}
