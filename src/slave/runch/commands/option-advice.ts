/** What to say about an unknown option. */
import type { Option } from "../../../common/command/command.ts";
import type { VzError } from "../../../common/errors.ts";
import { usageError } from "../usage-error.ts";

/** For letters that were run together ("-it") the advice is to give them one by one, as runc takes them. */
export function unknownOption(name: string, known: readonly Option[]): VzError {
  const letters = /^-[a-z]{2,}$/.test(name) ? [...name.slice(1)] : [];
  const all = letters.length > 0 && letters.every((one) => known.some(({ alias }) => alias === one));
  return usageError(
    `unknown option ${name}`,
    all ? `one by one: ${letters.map((one) => `-${one}`).join(" ")}` : undefined,
  );
}
