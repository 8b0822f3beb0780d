/** Streams over descriptors: files, pipes, terminals. All wait in the event loop and never on the descriptor. */
import * as sys from "vz:sys";
import { Buffer } from "../buffer.ts";
import { Readable, Writable } from "../stream.ts";
import { isSystemFailure } from "./errors.ts";
import type { Done, StreamOptions } from "./stream-adapter.ts";

interface FdOptions {
  /** Gives the descriptor; called once, when the stream opens. */
  open(): number;
  /** Whether the descriptor is closed with the stream. */
  autoClose: boolean;
  /** First byte to read or write; where the descriptor stands if undefined. */
  start?: number | undefined;
  /** Words an error of read(2) or write(2). */
  explain?: (error: unknown) => unknown;
}

export interface FdReadOptions extends FdOptions {
  /** Last byte to read. */
  end?: number | undefined;
  highWaterMark?: number | undefined;
  encoding?: string | undefined;
  /** Whether reading begins before anybody asks; true unless set. */
  eager?: boolean;
}

const CHUNK = 65_536;
/** Read into first and copied from: a small answer must not hold 64 KB. */
const scratch = new Uint8Array(CHUNK);

function opening(stream: { fd: number | null }, open: () => number, done: Done): void {
  try {
    stream.fd = open();
  } catch (error) {
    done(error);
    return;
  }
  done(null);
}

function closing(stream: { fd: number | null }, autoClose: boolean, error: unknown, done: Done): void {
  const { fd } = stream;
  stream.fd = null;
  try {
    if (fd !== null && autoClose) sys.close(fd);
  } catch (failure) {
    done(error ?? failure);
    return;
  }
  done(error);
}

export class FdReadable extends Readable {
  fd: number | null = null;
  bytesRead = 0;

  constructor(options: FdReadOptions) {
    const { open, autoClose, highWaterMark = CHUNK, encoding, eager = true } = options;
    const { explain = (error) => error } = options;
    let position = options.start;
    let left = options.end === undefined ? Number.POSITIVE_INFINITY : options.end - (position ?? 0) + 1;
    const step = (stream: FdReadable, fd: number): void => {
      sys.unwatch(fd, "r");
      try {
        const count =
          left <= 0 ? 0 : sys.read(fd, scratch, 0, Math.min(CHUNK, highWaterMark, left), position);
        if (count === 0) {
          stream.push(null);
          return;
        }
        if (position !== undefined) position += count;
        left -= count;
        stream.bytesRead += count;
        stream.push(Buffer.from(scratch.slice(0, count).buffer));
      } catch (error) {
        if (isSystemFailure(error) && error.code === "EAGAIN") sys.watch(fd, "r", () => step(stream, fd));
        else stream.destroy(explain(error) as Error);
      }
    };
    super({
      highWaterMark,
      encoding,
      eagerOpen: eager,
      open(done) {
        opening(this as FdReadable, open, done);
      },
      read() {
        const { fd } = this as FdReadable;
        if (fd !== null) sys.watch(fd, "r", () => step(this as FdReadable, fd));
      },
      destroy(error, done) {
        const { fd } = this as FdReadable;
        if (fd !== null) sys.unwatch(fd, "r");
        closing(this as FdReadable, autoClose, error, done);
      },
    } satisfies StreamOptions);
  }
}

export class FdWritable extends Writable {
  fd: number | null = null;
  bytesWritten = 0;
  /** Ends a wait for room. */
  abandon: (() => void) | undefined = undefined;

  constructor(options: FdOptions) {
    const { open, autoClose, explain = (error) => error } = options;
    let position = options.start;
    const step = (stream: FdWritable, fd: number, bytes: Uint8Array, from: number, done: Done): void => {
      let at = from;
      try {
        while (at < bytes.length) {
          const count = sys.write(fd, bytes, at, bytes.length - at, position);
          at += count;
          stream.bytesWritten += count;
          if (position !== undefined) position += count;
        }
        done(null);
      } catch (error) {
        if (!isSystemFailure(error) || error.code !== "EAGAIN") done(explain(error));
        else wait(stream, fd, done, () => step(stream, fd, bytes, at, done));
      }
    };
    super({
      highWaterMark: 16_384,
      eagerOpen: true,
      open(done) {
        opening(this as FdWritable, open, done);
      },
      write(chunk, _encoding, done) {
        const { fd } = this as FdWritable;
        if (fd !== null) step(this as FdWritable, fd, chunk, 0, done);
      },
      predestroy() {
        (this as FdWritable).abandon?.();
      },
      destroy(error, done) {
        closing(this as FdWritable, autoClose, error, done);
      },
    } satisfies StreamOptions);
  }
}

function wait(stream: FdWritable, fd: number, done: Done, then: () => void): void {
  const stop = (next: () => void) => () => {
    sys.unwatch(fd, "w");
    stream.abandon = undefined;
    next();
  };
  // a stream is not destroyed while a write is under way: one that waits is given up
  stream.abandon = stop(() => done(null));
  sys.watch(fd, "w", stop(then));
}
