/**
 * process.stdout and process.stderr: writers that block until all is written, with what a terminal tells about itself.
 * They are no full streams, so that no stream code is loaded where a program just prints; pipe() and pipeline() take them.
 */
import * as sys from "vz:sys";
import { EventEmitter } from "../events.ts";
import { invalidType, notOffered, shortFailure } from "./errors.ts";

type Done = (error?: unknown) => void;

export class StdStream extends EventEmitter {
  readonly fd: number;
  readonly writable = true;

  constructor(fd: number) {
    super();
    this.fd = fd;
  }

  /** True or undefined, as in Node. */
  get isTTY(): true | undefined {
    return sys.isatty(this.fd) || undefined;
  }

  get columns(): number | undefined {
    return sys.windowSize(this.fd)?.columns;
  }

  get rows(): number | undefined {
    return sys.windowSize(this.fd)?.rows;
  }

  /** A failure, as EPIPE, is an "error" event on the next tick. */
  write(chunk: string | Uint8Array, encoding?: string | Done, done?: Done): boolean {
    const after = typeof encoding === "function" ? encoding : done;
    if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) {
      throw invalidType("chunk", "of type string or an instance of Buffer, TypedArray, or DataView", chunk);
    }
    if (typeof chunk === "string" && typeof encoding === "string" && !/^utf-?8$/i.test(encoding)) {
      throw notOffered(`write to a standard stream in ${encoding}`);
    }
    let failure: unknown;
    try {
      sys.writeAll(this.fd, chunk);
    } catch (error) {
      failure = shortFailure(error, "write");
    }
    sys.nextTick(() => {
      after?.(failure ?? null);
      if (failure !== undefined) this.emit("error", failure);
    });
    return true;
  }

  /** The descriptor stays open: others write to it as well. */
  end(chunk?: string | Uint8Array): this {
    if (chunk !== undefined) this.write(chunk);
    sys.nextTick(() => this.emit("finish"));
    return this;
  }
}
