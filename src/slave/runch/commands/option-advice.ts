/** What to say about an option that there is not. */
import type { Option } from "../../../common/command/command.ts";
import type { VzError } from "../../../common/errors.ts";
import { usageError } from "../usage-error.ts";

/** Letters that were run together ("-it") are told apart; runc takes them one by one. */
export function unknownOption(name: string, known: readonly Option[]): VzError {
  const letters = /^-[a-z]{2,}$/.test(name) ? [...name.slice(1)] : [];
  const all = letters.length > 0 && letters.every((one) => known.some(({ alias }) => alias === one));
  return usageError(
    `unknown option ${name}`,
    all ? `one by one: ${letters.map((one) => `-${one}`).join(" ")}` : undefined,
  );
}
