/** A console for debugging: no layout, no colours. What vz prints on purpose goes through Io. */
import * as sys from "vz:sys";

function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.name}: ${value.message}\n${value.stack ?? ""}`.trimEnd();
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return (
      JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? String(value)
    );
  } catch {
    return String(value);
  }
}

function printer(fd: number) {
  return (...values: unknown[]): void => sys.writeAll(fd, `${values.map(show).join(" ")}\n`);
}

export const console = {
  log: printer(1),
  info: printer(1),
  debug: printer(1),
  warn: printer(2),
  error: printer(2),
  trace: printer(2),
};
