/** Files of our own beside a target, for what does not fit in memory: they have no name, so nothing is left of them. */
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { formatBytes } from "../../common/command/table.ts";
import { startSha256 } from "../../common/digest.ts";
import { reason, Status, VzError } from "../../common/errors.ts";
import { temporaryBeside } from "../../common/files.ts";
import type { Stretch } from "./layer-member.ts";

const CHUNK = 256 * 1024;

/** Bytes that may still be unpacked. */
export class Quota {
  #left: number;
  readonly #max: number;
  readonly #label: string;

  constructor(max: number, label: string) {
    this.#left = max;
    this.#max = max;
    this.#label = label;
  }

  /** @throws VzError 65 when the quota is used up */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new VzError(Status.badData, `${this.#label}: unpacks to more than ${formatBytes(this.#max)}`, {
      hint: "--max-size SIZE allows more",
    });
  }
}

/** Appends to a file without a name; its maker closes it. */
export class Spool {
  readonly #fd: number;
  readonly #target: string;
  #size = 0;

  /** @param target the file beside which the spool lies, and which errors name */
  constructor(target: string) {
    const temporary = temporaryBeside(target);
    this.#target = target;
    this.#fd = this.#os(() => openSync(temporary, "wx+", 0o600));
    this.#os(() => unlinkSync(temporary));
  }

  append(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; )
      at += this.#os(() => writeSync(this.#fd, chunk, at, chunk.length - at, this.#size + at));
    this.#size += chunk.length;
  }

  get size(): number {
    return this.#size;
  }

  /** What was appended since the file was `start` long. */
  since(start: number): Stretch {
    return { fd: this.#fd, offset: start, size: this.#size - start };
  }

  clear(): void {
    this.#os(() => ftruncateSync(this.#fd, 0));
    this.#size = 0;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #os<T>(call: () => T): T {
    try {
      return call();
    } catch (cause) {
      throw new VzError(Status.osError, `${this.#target}: ${reason(cause)}`, { cause });
    }
  }
}

/** The bytes of a stretch, in one buffer that is used again and again. */
export function* chunksOf({ fd, offset, size }: Stretch): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size));
  for (let done = 0; done < size; ) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, size - done), offset + done);
    if (count === 0) return;
    done += count;
    yield buffer.subarray(0, count);
  }
}

/** SHA-256 of a stretch, hexadecimal. */
export function digestOf(stretch: Stretch, each: (chunk: Uint8Array) => void = () => {}): string {
  const hash = startSha256();
  for (const chunk of chunksOf(stretch)) {
    hash.update(chunk);
    each(chunk);
  }
  return hash.digest("hex");
}
