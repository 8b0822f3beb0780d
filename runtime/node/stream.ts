/**
 * `node:stream` over streamx, which tar-stream brings along. Constructors, methods and errors are Node's; when exactly an
 * event comes, and that pipe() passes errors on, is streamx's (docs/node-api.md).
 */
import * as streamx from "streamx";
import type { EventEmitter } from "./events.ts";
import { checkFunction, codedError, invalidType, notOffered } from "./internal/errors.ts";
import {
  adaptDestroy,
  adaptRead,
  adaptTransform,
  adaptWrite,
  type Done,
  type Internals,
  type StreamOptions,
  streamxOptions,
} from "./internal/stream-adapter.ts";
import { mixReadable, mixWritable } from "./internal/stream-methods.ts";

export class Readable extends streamx.Readable {
  constructor(options: StreamOptions = {}) {
    super(streamxOptions("Readable", options));
    adaptRead(this, options);
    adaptDestroy(this, options);
  }

  /** A stream of the items; a string or bytes are one item. */
  static override from(source: unknown, options: object = {}): Readable {
    const iterable = typeof source === "string" || source instanceof Uint8Array ? [source] : source;
    return fromIterator(iteratorOf(iterable), options);
  }
}

export class Writable extends streamx.Writable {
  constructor(options: StreamOptions = {}) {
    super(streamxOptions("Writable", options));
    adaptWrite(this, options);
    adaptDestroy(this, options);
  }
}

export class Duplex extends streamx.Duplex {
  constructor(options: StreamOptions = {}) {
    super(streamxOptions("Duplex", options));
    adaptRead(this, options);
    adaptWrite(this, options);
    adaptDestroy(this, options);
  }
}

export class Transform extends streamx.Transform {
  constructor(options: StreamOptions = {}) {
    super(streamxOptions("Transform", options));
    adaptTransform(this, options);
    adaptDestroy(this, options);
  }
}

export class PassThrough extends Transform {}

for (const Class of [Readable, Duplex, Transform]) mixReadable(Class.prototype);
for (const Class of [Writable, Duplex, Transform]) mixWritable(Class.prototype);

export const Stream = streamx.Stream;

type Source = AsyncIterator<unknown> | Iterator<unknown>;

function iteratorOf(source: unknown): Source {
  const object = Object(source) as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  const iterator = object[Symbol.asyncIterator]?.() ?? object[Symbol.iterator]?.();
  if (iterator === undefined) throw invalidType("iterable", "an instance of Iterable", source);
  return iterator;
}

function fromIterator(iterator: Source, options: StreamOptions): Readable {
  const next = async (stream: Readable): Promise<void> => {
    try {
      const { value, done } = await iterator.next();
      if (done === true) stream.push(null);
      else stream.push(await value);
    } catch (error) {
      stream.destroy(error as Error);
    }
  };
  return new Readable({
    objectMode: true,
    highWaterMark: 1,
    ...options,
    read() {
      void next(this as Readable);
    },
    destroy(error, done) {
      // from a tick: what listeners throw is an exception, not a rejection
      const end = (reason: unknown) => process.nextTick(done, reason);
      Promise.resolve(iterator.return?.()).then(() => end(error), end);
    },
  });
}

function isStream(value: unknown): value is EventEmitter {
  return typeof value === "object" && value !== null && "on" in value && "emit" in value;
}

/** streamx's names for what Node calls otherwise. */
function nodeError(error: unknown): unknown {
  const premature = error instanceof Error && "code" in error && error.code === "PREMATURE_CLOSE";
  return premature ? codedError(Error, "ERR_STREAM_PREMATURE_CLOSE", "Premature close") : error;
}

/** Pipes the streams into one another; the first may be any iterable. Ends them all when one fails, and then calls `done`. */
export function pipeline(...parts: unknown[]): unknown {
  const done = parts.at(-1);
  checkFunction("streams[stream.length - 1]", done);
  const given = parts.length === 2 && Array.isArray(parts[0]) ? parts[0] : parts.slice(0, -1);
  if (given.length < 2) {
    const message = 'The "streams" argument must be specified';
    throw codedError(TypeError, "ERR_MISSING_ARGS", message);
  }
  const streams = given.map((part, i) => {
    if (isStream(part)) return part;
    if (typeof part === "function" || i > 0) throw notOffered("pipeline: a stage that is no stream");
    return Readable.from(part);
  });
  const finish = (error: unknown) => {
    const failure = nodeError(error);
    process.nextTick(() => (failure ? done(failure) : done()));
  };
  return streamx.pipeline(...(streams as unknown as [Readable, Writable]), finish);
}

/** Calls `done` once the stream has been read or written to its end, or with the error that prevented it. */
export function finished(stream: EventEmitter, options: object | Done, callback?: Done): () => void {
  const done = typeof options === "function" ? (options as Done) : callback;
  checkFunction("callback", done);
  if (typeof options !== "function" && Object.keys(options).length > 0) throw notOffered("finished: options");
  const { _readableState: reads, _writableState: writes } = stream as unknown as Internals;
  let failure: unknown;
  const failed = (error: unknown) => {
    failure = error;
  };
  const closed = () => {
    cleanup();
    const early = (reads !== null && !reads.ended) || (writes !== null && !writes.ended);
    if (failure !== undefined) done(failure);
    else if (early) done(codedError(Error, "ERR_STREAM_PREMATURE_CLOSE", "Premature close"));
    else done();
  };
  const cleanup = () => {
    stream.off("error", failed).off("close", closed);
  };
  stream.on("error", failed).on("close", closed);
  if ((stream as unknown as Internals).closed) process.nextTick(closed);
  return cleanup;
}

export const promises = {
  pipeline: (...parts: unknown[]): Promise<void> =>
    new Promise((resolve, reject) => {
      pipeline(...parts, (error: unknown) => (error ? reject(error) : resolve()));
    }),
  finished: (stream: EventEmitter): Promise<void> =>
    new Promise((resolve, reject) => {
      finished(stream, (error) => (error ? reject(error) : resolve()));
    }),
};

export default { Readable, Writable, Duplex, Transform, PassThrough, Stream, pipeline, finished, promises };
