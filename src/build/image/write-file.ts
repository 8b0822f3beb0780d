/** Files that appear whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { reason, Status, VzError } from "../../common/errors.ts";

/**
 * Writes `chunks` to `file` by way of a temporary name beside it.
 * @returns bytes written
 * @throws VzError 71 when the file cannot be made or written; whatever `chunks` throws; then nothing is left behind
 */
export async function writeWhole(file: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  const os = <T>(call: () => T): T => {
    try {
      return call();
    } catch (cause) {
      throw new VzError(Status.osError, `${file}: ${reason(cause)}`, { cause });
    }
  };
  try {
    const written = await writeAll(os, temporary, chunks);
    os(() => renameSync(temporary, file));
    return written;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

async function writeAll(
  os: <T>(call: () => T) => T,
  file: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  const fd = os(() => openSync(file, "w", 0o644));
  let written = 0;
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        at += os(() => writeSync(fd, chunk, at, chunk.length - at));
      }
      written += chunk.length;
    }
    os(() => fsyncSync(fd));
    return written;
  } finally {
    closeSync(fd);
  }
}
