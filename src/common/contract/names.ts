/** What may name a container, service, host, image or fleet: safe in a path, a command line and an inittab. */
import { Status, VzError } from "../errors.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

export function isName(text: string): boolean {
  return NAME.test(text) && !text.includes("..");
}

/** @throws VzError with `status` naming what is wrong: `container "../x": not a name`. */
export function checkName(kind: string, text: string, status: number = Status.usage): string {
  if (isName(text)) return text;
  throw new VzError(status, `${kind} ${JSON.stringify(text.slice(0, 80))}: not a name`, {
    hint: "letters, digits, '_', '.' and '-', at most 63, a letter or digit first, no '..'",
  });
}
