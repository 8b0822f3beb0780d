/** Reads strace's log through a pipe while it is written, and hands on its lines. */
import * as sys from "vz:sys";
import { hasCode } from "../../common/errors.ts";

/** Bytes read at once. */
const CHUNK = 1 << 16;
/** Bytes that become text at once: strings of one size leave a heap that does not grow with the number of reads. */
const PIECE = 1 << 12;
/** After a read of more bytes than this, the next lines are there already. */
const FULL = CHUNK / 2;
const PAUSE_MS = 8;

/**
 * strace writes line by line; between two reads a pause lets lines gather, so that not each of them wakes this process.
 * The pipe holds what strace writes meanwhile, and holds strace when full.
 */
export class LogReader {
  readonly #fd: number;
  readonly #take: (lines: readonly string[]) => void;
  readonly #pause: () => void;
  readonly #buffer = new Uint8Array(CHUNK);
  #rest = "";
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param fd reading end of the pipe; closed by `finish`
   * @param pause called when no more lines are there for now
   */
  constructor(fd: number, take: (lines: readonly string[]) => void, pause: () => void) {
    this.#fd = fd;
    this.#take = take;
    this.#pause = pause;
    sys.setNonblock(fd, true);
    this.#wait();
  }

  #wait(): void {
    this.#timer = undefined;
    sys.watch(this.#fd, "r", () => {
      if (this.#read() > FULL) return;
      sys.unwatch(this.#fd, "r");
      const begun = Date.now();
      this.#pause();
      // While the work lasted, lines have gathered as well. The clock may have been set meanwhile.
      const left = begun + PAUSE_MS - Date.now();
      this.#timer = setTimeout(() => this.#wait(), Math.min(Math.max(left, 0), PAUSE_MS));
    });
  }

  /** Bytes that were read; 0 at the end, and where there are none now. */
  #read(): number {
    try {
      const count = sys.read(this.#fd, this.#buffer, 0, CHUNK);
      for (let at = 0; at < count; at += PIECE) {
        const piece = sys.latin1Decode(this.#buffer, at, Math.min(at + PIECE, count));
        const lines = (this.#rest + piece).split("\n");
        this.#rest = lines.pop() ?? "";
        this.#take(lines);
      }
      return count;
    } catch (error) {
      if (hasCode(error, "EAGAIN")) return 0;
      throw error;
    }
  }

  /** Reads what is left, once nobody writes any more. */
  finish(): void {
    if (this.#timer === undefined) sys.unwatch(this.#fd, "r");
    else clearTimeout(this.#timer);
    while (this.#read() > 0);
    if (this.#rest !== "") this.#take([this.#rest]);
    sys.close(this.#fd);
  }
}
