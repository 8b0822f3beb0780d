/** What makes streamx's classes answer to Node's names: options, methods with their arguments, errors. */
import * as streamx from "streamx";
import { Buffer } from "../buffer.ts";
import type { EventEmitter } from "../events.ts";
import { StringDecoder } from "../string_decoder.ts";
import { checkOptions, codedError, invalidType, notOffered } from "./errors.ts";

export type Done = (error?: unknown) => void;
type DataDone = (error?: unknown, data?: unknown) => void;

interface State {
  error: unknown;
  readonly ended: boolean;
  readonly ending: boolean;
  readonly buffered: number;
  readonly highWaterMark: number;
  map: ((data: unknown) => unknown) | null;
}

/** The inside of a stream of streamx, and what we keep there. */
export interface Internals extends EventEmitter {
  _readableState: State | null;
  _writableState: State | null;
  _read(done: Done): void;
  _write(chunk: unknown, done: Done): void;
  _transform(chunk: unknown, done: DataDone): void;
  _destroy(done: Done): void;
  push(chunk: unknown): boolean;
  destroy(error?: unknown): unknown;
  readonly destroying: boolean;
  readonly closed: boolean;
  [kDecoder]?: StringDecoder;
  [kObjects]?: { read: boolean; write: boolean };
}

const kDecoder = Symbol("decoder");
const kObjects = Symbol("objects");

export interface StreamOptions {
  highWaterMark?: number | undefined;
  objectMode?: boolean;
  readableObjectMode?: boolean;
  writableObjectMode?: boolean;
  encoding?: string | undefined;
  decodeStrings?: boolean;
  read?(this: unknown, size: number): void;
  write?(this: unknown, chunk: Uint8Array, encoding: string, done: Done): void;
  final?(this: unknown, done: Done): void;
  transform?(this: unknown, chunk: Uint8Array, encoding: string, done: DataDone): void;
  flush?(this: unknown, done: DataDone): void;
  destroy?(this: unknown, error: unknown, done: Done): void;
  /** streamx's own, for the streams of this folder. */
  open?(this: unknown, done: Done): void;
  predestroy?(this: unknown): void;
  eagerOpen?: boolean;
}

const OPTIONS = [
  "highWaterMark",
  "objectMode",
  "readableObjectMode",
  "writableObjectMode",
  "encoding",
  "decodeStrings",
  "read",
  "write",
  "final",
  "transform",
  "flush",
  "destroy",
  "open",
  "predestroy",
  "eagerOpen",
];

/** Options for streamx's constructors: those whose meaning is the same. The adapt functions see to the others. */
export function streamxOptions(name: string, options: StreamOptions): object {
  checkOptions(name, options, OPTIONS);
  const { highWaterMark, objectMode, final, flush, open, predestroy, eagerOpen } = options;
  const result: Record<string, unknown> = { eagerOpen, open, predestroy, final, flush };
  const limit = highWaterMark ?? (objectMode === true ? 16 : undefined);
  if (limit !== undefined) result["highWaterMark"] = limit;
  if (objectMode === true) result["byteLength"] = () => 1;
  return result;
}

const inner = (stream: object) => stream as unknown as Internals;

function setObjects(stream: Internals, options: StreamOptions): void {
  const both = options.objectMode === true;
  stream[kObjects] = {
    read: both || options.readableObjectMode === true,
    write: both || options.writableObjectMode === true || options.decodeStrings === false,
  };
}

/** Node's read(size) pushes when it likes; streamx's read(done) wants to be told, and asks again only after a push. */
export function adaptRead(target: object, options: StreamOptions): void {
  const stream = inner(target);
  setObjects(stream, options);
  const own: unknown = options.read ?? stream._read;
  if (options.encoding) setEncoding.call(stream, options.encoding);
  if (own === streamx.Readable.prototype._read) return;
  stream._read = (done) => {
    try {
      (own as (size: number) => void).call(stream, stream._readableState?.highWaterMark ?? 0);
    } catch (error) {
      done(error);
      return;
    }
    done(null);
  };
}

export function adaptWrite(target: object, options: StreamOptions): void {
  const stream = inner(target);
  setObjects(stream, options);
  const own: unknown = options.write ?? stream._write;
  const { _write: ofWritable } = streamx.Writable.prototype as unknown as Internals;
  const { _write: ofDuplex } = streamx.Duplex.prototype as unknown as Internals;
  if (own === ofWritable || own === ofDuplex) return;
  stream._write = (chunk, done) => {
    const encoding = typeof chunk === "string" ? "utf8" : "buffer";
    (own as (chunk: unknown, encoding: string, done: Done) => void).call(stream, chunk, encoding, done);
  };
}

export function adaptTransform(target: object, options: StreamOptions): void {
  const stream = inner(target);
  setObjects(stream, options);
  if (options.encoding) setEncoding.call(stream, options.encoding);
  const own: unknown = options.transform ?? stream._transform;
  if (own === (streamx.Transform.prototype as unknown as Internals)._transform) return;
  stream._transform = (chunk, done) => {
    const encoding = typeof chunk === "string" ? "utf8" : "buffer";
    (own as (chunk: unknown, encoding: string, done: DataDone) => void).call(stream, chunk, encoding, done);
  };
}

export function adaptDestroy(target: object, options: StreamOptions): void {
  const stream = inner(target);
  const own: unknown = options.destroy ?? stream._destroy;
  if (own === (streamx.Stream.prototype as unknown as Internals)._destroy) return;
  stream._destroy = (done) => {
    const error = streamx.getStreamError(target as streamx.Readable);
    (own as (error: unknown, done: Done) => void).call(stream, error, (reason) => done(reason ?? null));
  };
}

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

function setEncoding(this: Internals, encoding?: string): Internals {
  const decoder = new StringDecoder(encoding);
  this[kDecoder] = decoder;
  if (this._readableState !== null) {
    // what came in before the encoding was set is bytes; the rest of a character at the end comes as a string
    this._readableState.map = (data) => (data instanceof Uint8Array ? decoder.write(data) || null : data);
  }
  return this;
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
