/** Signals by name and by number. */
import * as sys from "vz:sys";
import { codedError } from "./errors.ts";

const numbers = (): Readonly<Record<string, number>> => sys.signals;

/** @throws for a name or number that is no signal; 0 is allowed, it only asks. */
export function signalNumber(signal: string | number): number {
  const number = typeof signal === "number" ? signal : numbers()[signal];
  if (number === undefined) throw codedError(TypeError, "ERR_UNKNOWN_SIGNAL", `Unknown signal: ${signal}`);
  return number;
}

export function signalName(number: number): string | null {
  return Object.keys(numbers()).find((name) => numbers()[name] === number) ?? null;
}
