/**
 * `node:stream` over streamx, which tar-stream brings along. The constructors take Node's options; what differs otherwise
 * (order of some events, no object modes to choose) is listed in docs/node-api.md.
 */
import * as streamx from "streamx";
import { Buffer } from "./buffer.ts";
import { EventEmitter } from "./events.ts";

type Callback = (error?: Error | null) => void;
type DataCallback = (error?: Error | null, data?: unknown) => void;

interface CommonOptions {
  highWaterMark?: number;
  objectMode?: boolean;
  readableObjectMode?: boolean;
  writableObjectMode?: boolean;
  signal?: never;
}

interface ReadableOptions<S> extends CommonOptions {
  read?: (this: S, size: number) => void;
  destroy?: (this: S, error: Error | null, callback: Callback) => void;
}

interface WritableOptions<S> extends CommonOptions {
  write?: (this: S, chunk: Uint8Array, encoding: string, callback: Callback) => void;
  final?: (this: S, callback: Callback) => void;
  destroy?: (this: S, error: Error | null, callback: Callback) => void;
}

interface TransformOptions<S> extends CommonOptions {
  transform?: (this: S, chunk: Uint8Array, encoding: string, callback: DataCallback) => void;
  flush?: (this: S, callback: DataCallback) => void;
}

/* Node gives bytes to a writer of bytes, whatever was written */
const toBytes = (data: unknown) => (typeof data === "string" ? Buffer.from(data) : data);

// biome-ignore format: one line an option keeps the table readable
const adapt = (options: Record<string, unknown>): Record<string, unknown> => {
  const { read, write, transform, flush, final, destroy, highWaterMark } = options as Record<string, ((...args: unknown[]) => void) & number>;
  const mapped: Record<string, unknown> = {};
  if (highWaterMark !== undefined) mapped["highWaterMark"] = highWaterMark;
  if (read) mapped["read"] = function (this: unknown, callback: Callback) { read.call(this, 65_536); callback(null); };
  if (write) mapped["write"] = function (this: unknown, chunk: unknown, callback: Callback) { write.call(this, chunk, "buffer", callback); };
  if (transform) mapped["transform"] = function (this: unknown, chunk: unknown, callback: DataCallback) { transform.call(this, chunk, "buffer", callback); };
  if (flush) mapped["flush"] = function (this: unknown, callback: DataCallback) { flush.call(this, callback); };
  if (final) mapped["final"] = function (this: unknown, callback: Callback) { final.call(this, callback); };
  if (destroy) mapped["destroy"] = function (this: unknown, callback: Callback) { destroy.call(this, null, callback); };
  const objects = options["objectMode"] === true || options["writableObjectMode"] === true;
  if (!objects) mapped["mapWritable"] = toBytes;
  return mapped;
};

export class Readable extends streamx.Readable {
  constructor(options: ReadableOptions<Readable> = {}) {
    super(adapt({ ...options }));
  }

  static override from(source: Iterable<unknown> | AsyncIterable<unknown>): Readable {
    return streamx.Readable.from(source) as Readable;
  }
}

export class Writable extends streamx.Writable {
  constructor(options: WritableOptions<Writable> = {}) {
    super(adapt({ ...options }));
  }
}

export class Duplex extends streamx.Duplex {
  constructor(options: ReadableOptions<Duplex> & WritableOptions<Duplex> = {}) {
    super(adapt({ ...options }));
  }
}

export class Transform extends streamx.Transform {
  constructor(options: TransformOptions<Transform> = {}) {
    super(adapt({ ...options }));
  }
}

export class PassThrough extends Transform {}

export const { pipeline } = streamx;

export function finished(stream: EventEmitter, callback: Callback): void {
  let error: Error | null = null;
  stream.on("error", (reason: Error) => {
    error = reason;
  });
  stream.once("close", () => callback(error));
}

export const promises = { pipeline: streamx.pipelinePromise };
export const Stream = streamx.Stream;
export default Object.assign(EventEmitter, {
  Readable,
  Writable,
  Duplex,
  Transform,
  PassThrough,
  Stream,
  pipeline,
  finished,
  promises,
});
