/** Methods and properties of Node's streams on top of those of streamx. */
import * as streamx from "streamx";
import { Buffer } from "../buffer.ts";
import type { EventEmitter } from "../events.ts";
import { codedError, invalidType, notOffered } from "./errors.ts";
import { type Done, type Internals, kDecoder, kObjects, setEncoding } from "./stream-adapter.ts";

function push(this: Internals, chunk: unknown, encoding?: string): boolean {
  const base = streamx.Readable.prototype as unknown as Internals;
  const decoder = this[kDecoder];
  if (chunk === null) {
    const rest = decoder?.end() ?? "";
    if (rest !== "") base.push.call(this, rest);
  } else if (this[kObjects]?.read !== true) {
    const bytes = toBuffer(chunk, encoding);
    if (bytes === undefined) this.destroy(invalidType("chunk", CHUNK, chunk));
    return bytes !== undefined && base.push.call(this, bytes);
  }
  return base.push.call(this, chunk);
}

const CHUNK = "of type string or an instance of Buffer, TypedArray, or DataView";

function toBuffer(chunk: unknown, encoding?: string): Buffer | undefined {
  if (typeof chunk === "string") return Buffer.from(chunk, encoding);
  if (Buffer.isBuffer(chunk)) return chunk;
  return ArrayBuffer.isView(chunk)
    ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : undefined;
}

/** @param options Node's, or the callback that streamx's own pipeline() hands over */
function pipe(
  this: streamx.Readable,
  target: EventEmitter,
  options?: { end?: boolean } | Done,
): EventEmitter {
  if (typeof options === "object" && options.end === false) throw notOffered("pipe: option end");
  const done = typeof options === "function" ? options : undefined;
  return streamx.Readable.prototype.pipe.call(this, target, done) as EventEmitter;
}

function destroy(base: (error?: unknown) => void) {
  return function (this: Internals, error?: unknown): Internals {
    base.call(this, error ?? null);
    return this;
  };
}

function checkChunk(stream: Internals, chunk: unknown): void {
  if (chunk === null) {
    throw codedError(TypeError, "ERR_STREAM_NULL_VALUES", "May not write null values to stream");
  }
  if (stream[kObjects]?.write === true || typeof chunk === "string" || ArrayBuffer.isView(chunk)) return;
  throw invalidType("chunk", CHUNK, chunk);
}

/** write(chunk[, encoding][, done]): `done` is called once the chunk has been dealt with. */
function write(this: Internals, chunk: unknown, encoding?: string | Done | null, callback?: Done): boolean {
  const done = typeof encoding === "function" ? encoding : callback;
  checkChunk(this, chunk);
  const state = this._writableState;
  if (state !== null && (state.ending || state.ended)) {
    const late = codedError(Error, "ERR_STREAM_WRITE_AFTER_END", "write after end");
    if (done !== undefined) process.nextTick(done, late);
    this.destroy(late);
    return false;
  }
  const objects = this[kObjects]?.write === true;
  const name = typeof encoding === "string" ? encoding : "utf8";
  const data = objects ? chunk : toBuffer(chunk, name);
  const more = (streamx.Duplex.prototype as unknown as streamx.Writable).write.call(this as never, data);
  if (done !== undefined) void afterWrites(this, done);
  return more;
}

async function afterWrites(stream: Internals, done: Done): Promise<void> {
  const written = await streamx.Writable.drained(stream as unknown as streamx.Writable);
  // streamx counts a write that failed as one that is done
  const failure = streamx.getStreamError(stream as unknown as streamx.Writable);
  const gone = () =>
    codedError(Error, "ERR_STREAM_DESTROYED", "Cannot call write after a stream was destroyed");
  // from a tick: what `done` throws is an exception, not a rejection
  process.nextTick(done, failure ?? (written === true ? null : gone()));
}

/** end([chunk[, encoding]][, done]) */
function end(this: Internals, chunk?: unknown, encoding?: string | Done, callback?: Done): Internals {
  const done = [chunk, encoding, callback].find((one) => typeof one === "function") as Done | undefined;
  if (chunk !== undefined && chunk !== null && typeof chunk !== "function") {
    write.call(this, chunk, typeof encoding === "string" ? encoding : undefined);
  }
  if (done !== undefined) this.once("finish", done as () => void);
  if (this._writableState?.ending === true || this._writableState?.ended === true) return this;
  (streamx.Duplex.prototype as unknown as streamx.Writable).end.call(this as never, undefined);
  return this;
}

type Getters = Record<string, (this: Internals) => unknown>;

function define(prototype: object, methods: object, getters: Getters): void {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
  for (const [name, get] of Object.entries(getters)) {
    Object.defineProperty(prototype, name, { get, configurable: true });
  }
}

const { get: isClosed } = Object.getOwnPropertyDescriptor(streamx.Stream.prototype, "destroyed") ?? {};

/** True as soon as the stream is being destroyed, as in Node; `closed` once it is. */
const common: Getters = {
  destroyed() {
    return this.destroying;
  },
  closed() {
    return isClosed?.call(this) === true;
  },
  errored() {
    return streamx.getStreamError(this as unknown as streamx.Readable);
  },
};

export function mixReadable(prototype: object): void {
  const base = destroy((prototype as Internals).destroy);
  define(
    prototype,
    { push, setEncoding, pipe, destroy: base },
    {
      ...common,
      readableEnded() {
        return this._readableState?.ended === true;
      },
      readableLength() {
        return this._readableState?.buffered ?? 0;
      },
    },
  );
}

export function mixWritable(prototype: object): void {
  const base = destroy((prototype as Internals).destroy);
  define(
    prototype,
    { write, end, destroy: base },
    {
      ...common,
      writableEnded() {
        return this._writableState?.ending === true || this._writableState?.ended === true;
      },
      writableFinished() {
        return this._writableState?.ended === true;
      },
      writableLength() {
        return this._writableState?.buffered ?? 0;
      },
    },
  );
}
