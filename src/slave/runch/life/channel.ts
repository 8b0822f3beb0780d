/**
 * Lines between two processes of runch: the one that becomes the container's, and the one that stays outside for as long
 * as something has to be done there (write id maps, run hooks). The end of the one is the end of the file for the other.
 */
import * as sys from "vz:sys";

export class Channel {
  readonly #read: number;
  readonly #write: number;
  #rest = "";

  constructor(read: number, write: number) {
    this.#read = read;
    this.#write = write;
  }

  /** The two ends; after the fork each process closes the other's. */
  static pair(): [Channel, Channel] {
    const [readA, writeB] = sys.pipe();
    const [readB, writeA] = sys.pipe();
    return [new Channel(readA, writeA), new Channel(readB, writeB)];
  }

  get descriptors(): readonly number[] {
    return [this.#read, this.#write];
  }

  send(line: string): void {
    sys.writeAll(this.#write, `${line}\n`);
  }

  /** The next line, or null when the other side has closed. */
  receive(): string | null {
    const bytes = new Uint8Array(4096);
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const n = sys.read(this.#read, bytes, 0, bytes.length);
      if (n === 0) return null;
      this.#rest += sys.fsDecode(bytes, 0, n);
    }
  }

  close(): void {
    sys.close(this.#read);
    sys.close(this.#write);
  }
}
