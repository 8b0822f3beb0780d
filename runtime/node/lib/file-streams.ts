/** `fs.createReadStream` and `fs.createWriteStream`: files are read and written at once, without the event loop. */

import * as sys from "vz:sys";
import { Readable, Writable } from "streamx";
import { Buffer } from "../buffer.ts";
import { constants } from "../fs.ts";
import { FdReadable } from "./fd-streams.ts";

type Callback = (error: Error | null) => void;

interface ReadStreamOptions {
  fd?: number;
  start?: number;
  /** Last byte, itself included. */
  end?: number;
  highWaterMark?: number;
}

class FileReadable extends Readable {
  readonly #path: string;
  readonly #chunk: number;
  #fd = -1;
  #position: number;
  #left: number;

  constructor(
    path: string,
    { start = 0, end = Number.POSITIVE_INFINITY, highWaterMark = 65_536 }: ReadStreamOptions,
  ) {
    super();
    this.#path = path;
    this.#chunk = highWaterMark;
    this.#position = start;
    this.#left = end - start + 1;
  }

  override _open(callback: Callback): void {
    try {
      this.#fd = sys.open(this.#path, constants.O_RDONLY);
      callback(null);
    } catch (error) {
      callback(error as Error);
    }
  }

  override _read(callback: Callback): void {
    try {
      const buffer = Buffer.allocUnsafe(Math.min(this.#chunk, this.#left));
      const n = sys.read(this.#fd, buffer, 0, buffer.length, this.#position);
      this.#position += n;
      this.#left -= n;
      this.push(n === 0 ? null : buffer.subarray(0, n));
      callback(null);
    } catch (error) {
      callback(error as Error);
    }
  }

  override _destroy(callback: Callback): void {
    if (this.#fd >= 0) sys.close(this.#fd);
    callback(null);
  }
}

export function createReadStream(path: string, options: ReadStreamOptions = {}): Readable {
  return options.fd === undefined ? new FileReadable(path, options) : new FdReadable(options.fd);
}

interface WriteStreamOptions {
  fd?: number;
  flags?: "w" | "a" | "wx" | "r+";
  mode?: number;
}

class FileWritable extends Writable {
  readonly #path: string;
  readonly #options: WriteStreamOptions;
  #fd: number;

  constructor(path: string, options: WriteStreamOptions) {
    super({ mapWritable: (data: unknown) => (typeof data === "string" ? Buffer.from(data) : data) });
    this.#path = path;
    this.#options = options;
    this.#fd = options.fd ?? -1;
  }

  override _open(callback: Callback): void {
    const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_TRUNC, O_WRONLY } = constants;
    const bits = {
      w: O_WRONLY | O_CREAT | O_TRUNC,
      a: O_WRONLY | O_CREAT | O_APPEND,
      wx: O_WRONLY | O_CREAT | O_EXCL,
      "r+": O_RDWR,
    };
    try {
      if (this.#fd < 0)
        this.#fd = sys.open(this.#path, bits[this.#options.flags ?? "w"], this.#options.mode ?? 0o666);
      callback(null);
    } catch (error) {
      callback(error as Error);
    }
  }

  override _write(chunk: unknown, callback: Callback): void {
    try {
      sys.writeAll(this.#fd, chunk as Uint8Array);
      callback(null);
    } catch (error) {
      callback(error as Error);
    }
  }

  override _destroy(callback: Callback): void {
    if (this.#fd >= 0) sys.close(this.#fd);
    callback(null);
  }
}

export function createWriteStream(path: string, options: WriteStreamOptions = {}): Writable {
  return new FileWritable(path, options);
}
