/** Tables for people: aligned columns without borders, cut to the terminal, the same columns when piped. */
import { printable } from "../printable.ts";

/**
 * @param columns width to fit, or undefined for no limit; the widest columns give way first
 * @returns lines ending in a newline, header first
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns?: number,
): string {
  const cells = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  if (columns !== undefined) shrink(widths, columns);
  const lines = cells.map((row) =>
    row
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        return (cell.length > width ? `${cell.slice(0, Math.max(0, width - 1))}…` : cell).padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

function shrink(widths: number[], columns: number): void {
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - columns;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (width <= 8) return;
    widths[widest] = width - 1;
    excess--;
  }
}

/** Bytes for people: 1.4 MB (powers of 1024). */
export function formatBytes(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "KB", "MB", "GB"]) {
    if (value < 1024 || unit === "GB")
      return `${unit === "B" || value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
  return `${bytes} B`;
}

/** A span in seconds for people: 42s, 5m, 3h, 12d. */
export function formatSpan(seconds: number): string {
  if (seconds < 100) return `${Math.max(0, Math.round(seconds))}s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}
