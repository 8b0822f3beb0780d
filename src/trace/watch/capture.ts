/** The standard streams of a run whose output is compared with that of another. */
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { reason, Status, VzError } from "../../common/errors.ts";
import type { Streams } from "./run.ts";

/** Bytes of a stream that are kept; what comes later is only counted. */
const KEPT = 64 << 20;

/** One output of a run. */
export interface Output {
  /** What was kept of it. */
  readonly file: string;
  /** Bytes in all. */
  bytes: number;
}

export class Capture implements Streams {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdio: ["pipe" | number, "pipe", "pipe"];
  readonly #input: number;
  readonly #shows: boolean;

  /**
   * @param base name of the files, to which `.out` and `.err` are added
   * @param input file to read as standard input; undefined for nothing to read
   * @param shows whether what is kept is also written to this process's own streams
   * @throws VzError 64 for an input that cannot be read
   */
  constructor(directory: string, base: string, input: string | undefined, shows: boolean) {
    this.#input = openInput(input);
    this.#shows = shows;
    this.stdio = [this.#input, "pipe", "pipe"];
    this.stdout = { file: join(directory, `${base}.out`), bytes: 0 };
    this.stderr = { file: join(directory, `${base}.err`), bytes: 0 };
  }

  follow(child: ChildProcess): void {
    closeSync(this.#input);
    for (const [fd, stream, output] of [
      [1, child.stdout, this.stdout],
      [2, child.stderr, this.stderr],
    ] as const) {
      const file = openSync(output.file, "w", 0o600);
      stream?.on("data", (chunk: Buffer) => {
        if (this.#shows) writeAll(fd, chunk);
        writeAll(file, chunk.subarray(0, Math.max(0, KEPT - output.bytes)));
        output.bytes += chunk.length;
      });
      stream?.on("close", () => closeSync(file));
    }
  }
}

/** @throws VzError 64 */
function openInput(input: string | undefined): number {
  try {
    return openSync(input ?? "/dev/null", "r");
  } catch (cause) {
    throw new VzError(Status.usage, `--check-input ${input}: ${reason(cause)}`, { cause });
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}
