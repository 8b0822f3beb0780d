/** Progress of long work: one line on standard error, redrawn in place, and only on a terminal. */
import type { Io } from "../io.ts";
import { printable } from "../printable.ts";
import { formatBytes } from "./table.ts";

export interface Progress {
  /** Tells how much of `total` is done, both in bytes. */
  update(done: number, total: number): void;
  /** Wipes the line. */
  end(): void;
}

const BAR = 24;
const REDRAW_MS = 80;

export function progressBar(io: Io, label: string): Progress {
  const columns = io.errColumns;
  if (columns === undefined) return { update() {}, end() {} };
  let drawn = 0;
  return {
    update(done, total) {
      const now = Date.now();
      if (done < total && now - drawn < REDRAW_MS) return;
      drawn = now;
      io.err(`\r\u001b[K${progressLine(label, done, total, columns)}`);
    },
    end() {
      if (drawn > 0) io.err("\r\u001b[K");
    },
  };
}

/** The line that is drawn; never wider than the terminal. */
function progressLine(label: string, done: number, total: number, columns: number): string {
  const part = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.round(part * BAR);
  const bar = `[${"#".repeat(filled)}${".".repeat(BAR - filled)}]`;
  const figures = `${String(Math.floor(part * 100)).padStart(3)} %  ${formatBytes(done)} of ${formatBytes(total)}`;
  return `${printable(label)}  ${bar} ${figures}`.slice(0, Math.max(0, columns - 1));
}
