/** What makes streamx's classes answer to Node's names: options, methods with their arguments, errors. */
import * as streamx from "streamx";
import type { EventEmitter } from "../events.ts";
import { StringDecoder } from "../string_decoder.ts";
import { checkOptions } from "./errors.ts";

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

export const kDecoder = Symbol("decoder");
export const kObjects = Symbol("objects");

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

export function setEncoding(this: Internals, encoding?: string): Internals {
  const decoder = new StringDecoder(encoding);
  this[kDecoder] = decoder;
  if (this._readableState !== null) {
    // what came in before the encoding was set is bytes; the rest of a character at the end comes as a string
    this._readableState.map = (data) => (data instanceof Uint8Array ? decoder.write(data) || null : data);
  }
  return this;
}
