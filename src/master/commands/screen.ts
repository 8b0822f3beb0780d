/** What a command on many hosts shows: results as they come, errors a line each, and on a terminal the step under way. */

import { report } from "../../common/command/report.ts";
import { Status } from "../../common/errors.ts";
import type { Io } from "../../common/io.ts";
import { printable } from "../../common/printable.ts";
import { Unreachable } from "../wire/unreachable.ts";

export class Screen {
  readonly #io: Io;
  readonly #quiet: boolean;
  readonly #statuses: number[] = [];
  /** Hosts that were reported as unreachable. */
  readonly #unreachable = new Set<string>();

  /** @param quiet keeps results off standard output, where `--json` has it for itself */
  constructor(io: Io, quiet = false) {
    this.#io = io;
    this.#quiet = quiet;
  }

  get io(): Io {
    return this.#io;
  }

  /** Shows what is being done now; only on a terminal, and only until the next line. */
  step(text: string): void {
    const columns = this.#io.errColumns;
    if (columns === undefined) return;
    this.#io.err(`\r\u001b[K${printable(text).slice(0, Math.max(0, columns - 1))}`);
  }

  /** A result. */
  line(text: string): void {
    this.clear();
    if (!this.#quiet) this.#io.out(`${printable(text)}\n`);
  }

  /** What should be known but is no result and no failure. */
  note(text: string): void {
    this.clear();
    this.#io.err(`${printable(text)}\n`);
  }

  /** Reports a failure on one host, and counts it; the others go on. Reports a host as unreachable only once. */
  fail(error: unknown): void {
    this.clear();
    if (error instanceof Unreachable) {
      if (this.#unreachable.has(error.host)) return;
      this.#unreachable.add(error.host);
    }
    this.#statuses.push(report(error, this.#io));
  }

  clear(): void {
    if (this.#io.errColumns !== undefined) this.#io.err("\r\u001b[K");
  }

  /** 0; 69 when a host could not be reached; else the status that all failures have in common, or 1. */
  get status(): number {
    return commonStatus(this.#statuses);
  }
}

export function commonStatus(statuses: readonly number[]): number {
  const [first] = statuses;
  if (first === undefined) return Status.ok;
  if (statuses.includes(Status.unreachable)) return Status.unreachable;
  return statuses.every((status) => status === first) ? first : Status.failed;
}
