/**
 * What `process.stdin`, `stdout` and `stderr` are here: a descriptor, its terminal, and a write that waits. Readable
 * streams over standard input are made with `fs.createReadStream("", { fd: 0 })`, so that no stream code is loaded for
 * programs that need none.
 */
import * as sys from "vz:sys";

class StandardStream {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  get isTTY(): boolean {
    return sys.isatty(this.fd);
  }

  get columns(): number | undefined {
    return sys.windowSize(this.fd)?.columns || undefined;
  }

  get rows(): number | undefined {
    return sys.windowSize(this.fd)?.rows || undefined;
  }
}

class StandardOutput extends StandardStream {
  write(data: string | Uint8Array): true {
    sys.writeAll(this.fd, data);
    return true;
  }
}

export const standardInput = () => new StandardStream(0);
export const standardOutput = (fd: number) => new StandardOutput(fd);
