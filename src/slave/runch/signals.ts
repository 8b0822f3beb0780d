/** Names and numbers of signals on the command line. */
import { Status, VzError } from "../../common/errors.ts";

const LAST = 64;

/** @param text "TERM", "SIGTERM", "term" or "15" */
export function parseSignal(text: string, numbers: Readonly<Record<string, number>>): number {
  if (/^\d{1,2}$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= LAST) return number;
  }
  const upper = text.toUpperCase();
  const name = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  const number = Object.hasOwn(numbers, name) ? numbers[name] : undefined;
  if (number === undefined) throw new VzError(Status.usage, `signal ${JSON.stringify(text)}: no such signal`);
  return number;
}
