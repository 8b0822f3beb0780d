/** Streams over descriptors that the event loop watches: pipes, sockets, terminals. */

import * as sys from "vz:sys";
import { Readable, Writable } from "streamx";
import { Buffer } from "../buffer.ts";

type Callback = (error: Error | null) => void;
const CHUNK = 65_536;

const isAgain = (error: unknown) => (error as { code?: string }).code === "EAGAIN";

export class FdReadable extends Readable {
  readonly fd: number;

  constructor(fd: number) {
    super();
    this.fd = fd;
    sys.setNonblock(fd, true);
  }

  override _read(callback: Callback): void {
    sys.watch(this.fd, "r", () => {
      const chunk = Buffer.allocUnsafe(CHUNK);
      try {
        const n = sys.read(this.fd, chunk, 0, CHUNK);
        sys.unwatch(this.fd, "r");
        /* a small answer must not hold 64 KB */
        this.push(n === 0 ? null : n < CHUNK / 4 ? Buffer.from(chunk.subarray(0, n)) : chunk.subarray(0, n));
        callback(null);
      } catch (error) {
        if (isAgain(error)) return;
        sys.unwatch(this.fd, "r");
        callback(error as Error);
      }
    });
  }

  override _destroy(callback: Callback): void {
    sys.unwatch(this.fd, "r");
    sys.close(this.fd);
    callback(null);
  }
}

export class FdWritable extends Writable {
  readonly fd: number;

  constructor(fd: number) {
    super({ mapWritable: (data: unknown) => (typeof data === "string" ? Buffer.from(data) : data) });
    this.fd = fd;
    sys.setNonblock(fd, true);
  }

  override _write(chunk: unknown, callback: Callback): void {
    const data = chunk as Uint8Array;
    let done = 0;
    /* undefined while the descriptor takes no more */
    const step = (): Error | "done" | undefined => {
      try {
        while (done < data.length) done += sys.write(this.fd, data, done, data.length - done);
        return "done";
      } catch (error) {
        return isAgain(error) ? undefined : (error as Error);
      }
    };
    const first = step();
    if (first !== undefined) {
      callback(first === "done" ? null : first);
      return;
    }
    sys.watch(this.fd, "w", () => {
      const result = step();
      if (result === undefined) return;
      /* first: the callback may begin the next write, which watches again */
      sys.unwatch(this.fd, "w");
      callback(result === "done" ? null : result);
    });
  }

  override _destroy(callback: Callback): void {
    sys.unwatch(this.fd, "w");
    sys.close(this.fd);
    callback(null);
  }
}
