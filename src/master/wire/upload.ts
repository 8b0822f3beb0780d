/**
 * Sends a file into a slave's `incoming/`. Its name there holds the hash of its bytes, so a part that is found there is the
 * beginning of these very bytes: sending goes on behind it, and two masters that send the same file do no harm.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { formatBytes } from "../../common/command/table.ts";
import { startSha256 } from "../../common/digest.ts";
import { Status, VzError } from "../../common/errors.ts";
import { SftpError, type SftpSession, WRITE_NEW } from "./sftp.ts";

/** What every SFTP server takes in one packet, and how many may be on their way: 2 MB. */
const CHUNK = 32 * 1024;
const IN_FLIGHT = 64;

/** A file on the master. */
export interface LocalFile {
  readonly path: string;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Reads all of a file for its hash. */
export function hashFile(path: string): LocalFile {
  const fd = openSync(path, "r");
  try {
    const hash = startSha256();
    const buffer = Buffer.alloc(256 * 1024);
    let size = 0;
    for (let n = readSync(fd, buffer); n > 0; n = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, n));
      size += n;
    }
    return { path, size, sha256: hash.digest("hex") };
  } finally {
    closeSync(fd);
  }
}

/** Its name in `incoming/`: the image's, some of the hash, and the ending that tells how it is packed. */
export function remoteName(imageName: string, { path, sha256 }: LocalFile): string {
  const ending = /\.tar(\.[a-z]+)?$/.exec(path)?.[0] ?? ".tar";
  return `${imageName.slice(0, 30)}-${sha256.slice(0, 16)}${ending}`;
}

/**
 * Sends what is missing and gives the file its name.
 * @param label host and step, for errors
 * @param progress told how many bytes the slave has
 * @returns bytes that were sent
 */
export async function upload(
  session: SftpSession,
  label: string,
  file: LocalFile,
  name: string,
  progress: (done: number) => void,
): Promise<number> {
  const there = `/incoming/${name}`;
  const part = `${there}.part`;
  if ((await session.sizeOf(there)) === file.size) return 0;
  // A part that is longer than the file is not its beginning.
  if (((await session.sizeOf(part)) ?? 0) > file.size) await session.remove(part);
  const handle = await session.open(part, WRITE_NEW, 0o600);
  const found = await session.size(handle);
  const start = found - (found % CHUNK);
  const free = await session.free("/incoming");
  if (free !== undefined && free < file.size - start) throw diskFull(label, free, file.size - start);
  try {
    await sendFrom(session, handle, file, start, progress);
    await session.sync(handle);
    await session.closeHandle(handle);
    await session.rename(part, there);
  } catch (error) {
    if (!(error instanceof SftpError)) throw error;
    // Another master that sent the same bytes has renamed them.
    if (error.noSuchFile && (await session.sizeOf(there)) === file.size) return file.size - start;
    const left = await session.free("/incoming");
    if (left !== undefined && left < CHUNK) {
      await session.remove(part).catch(() => {});
      throw diskFull(label, left, file.size - start);
    }
    throw new VzError(Status.failed, `${label}: ${error.message}`, { cause: error });
  }
  return file.size - start;
}

function diskFull(label: string, free: number, needed: number): VzError {
  return new VzError(
    Status.failed,
    `${label}: disk full: ${formatBytes(needed)} to send, ${formatBytes(free)} free`,
  );
}

async function sendFrom(
  session: SftpSession,
  handle: Buffer,
  file: LocalFile,
  start: number,
  progress: (done: number) => void,
): Promise<void> {
  const fd = openSync(file.path, "r");
  try {
    if (fstatSync(fd).size !== file.size) throw changed(file);
    const flying = new Set<Promise<void>>();
    let failed: unknown;
    let done = start;
    for (let position = start; position < file.size && failed === undefined; ) {
      const chunk = Buffer.alloc(Math.min(CHUNK, file.size - position));
      if (readSync(fd, chunk, 0, chunk.length, position) !== chunk.length) throw changed(file);
      const sent: Promise<void> = session
        .write(handle, chunk, position)
        .then(
          () => {
            done += chunk.length;
            progress(done);
          },
          (error: unknown) => {
            failed ??= error;
          },
        )
        .finally(() => flying.delete(sent));
      flying.add(sent);
      position += chunk.length;
      await session.writable();
      if (flying.size >= IN_FLIGHT) await Promise.race(flying);
    }
    await Promise.all(flying);
    if (failed !== undefined) throw failed;
  } finally {
    closeSync(fd);
  }
}

function changed({ path }: LocalFile): VzError {
  return new VzError(Status.tryAgain, `${path}: changed while it was sent`);
}
