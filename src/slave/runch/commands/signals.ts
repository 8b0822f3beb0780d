/** Names and numbers of signals on the command line. */
import { Status, VzError } from "../../../common/errors.ts";

const LAST = 64;

/** SIGRTMIN+N and SIGRTMAX-N as C libraries count them: from 34 to 64 (signal(7)). */
function realTime(name: string): number | undefined {
  const [, end, distance = "0"] = /^SIGRT(MIN(?:\+)?|MAX(?:-)?)(\d{0,2})$/.exec(name) ?? [];
  if (end === undefined || (distance === "") !== !/[+-]$/.test(end)) return undefined;
  const number = end.startsWith("MIN") ? 34 + Number(distance) : LAST - Number(distance);
  return number >= 34 && number <= LAST ? number : undefined;
}

/** @param text "TERM", "SIGTERM", "term", "15", "RTMIN+3", or "0", which only asks whether there is a process (kill(2)) */
export function parseSignal(text: string, numbers: Readonly<Record<string, number>>): number {
  if (/^\d{1,2}$/.test(text)) {
    const number = Number(text);
    if (number <= LAST) return number;
  }
  const upper = text.toUpperCase();
  const name = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  const number = Object.hasOwn(numbers, name) ? numbers[name] : realTime(name);
  if (number === undefined) throw new VzError(Status.usage, `signal ${JSON.stringify(text)}: no such signal`);
  return number;
}
