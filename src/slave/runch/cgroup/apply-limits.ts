/** Writing limits into a container's cgroups. */
import { hasCode, isSystemError } from "../../../common/errors.ts";
import { refusal, writeControl } from "./control-files.ts";
import type { PlacedLimit, Teller } from "./plan.ts";

/** As writeControl. */
type Writer = (path: string, text: string) => void;

/** Writes a limit to the first of its files that exists; null when that went well, or else why it did not. */
function write(one: PlacedLimit, writer: Writer): string | null {
  for (const { file, text } of one.tries) {
    try {
      writer(`${one.directory}/${file}`, text);
      return null;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (!hasCode(error, "ENOENT")) return refusal(error);
    }
  }
  if (one.extra) return null;
  const names = one.tries.map(({ file }) => file);
  return one.why ?? `this kernel has no ${names.join(" or ")}`;
}

/**
 * Writes all limits in their order. A refused one is tried once more behind the others: which of memory and memory + swap, or of
 * quota, period and burst, has to go first depends on the old values.
 * @param reasons why a controller has no files at all here, by "DIRECTORY CONTROLLER"
 */
export function applyLimits(
  limits: readonly PlacedLimit[],
  tell: Teller,
  reasons: ReadonlyMap<string, string> = new Map(),
  writer: Writer = writeControl,
): void {
  const refused: [limit: PlacedLimit, why: string][] = [];
  for (const one of limits) {
    const why = write(one, writer);
    if (why !== null) refused.push([one, why]);
  }
  const told = new Set<string>();
  for (const [one, first] of refused) {
    const why = one.once ? first : write(one, writer);
    if (why === null || one.free || told.has(one.field)) continue;
    told.add(one.field);
    tell.add(one.field, reasons.get(`${one.directory} ${one.controller}`) ?? why);
  }
}
