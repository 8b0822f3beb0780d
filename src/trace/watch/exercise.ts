/**
 * The commands that exercise a running program, once it is up. They become part of the check that stops the run: the first
 * time that `until` succeeds they are run, once, and then the run is over, whether they succeed or not.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printable } from "../../common/printable.ts";
import { quoteWord, quoteWords } from "../../common/shell-words.ts";
import type { RecipeRun } from "../recipe/recipe.ts";
import type { StopPlan } from "./stop.ts";

/**
 * Calls `run` with the plan of when to stop.
 * @returns its result, and in words which command of the exercise failed
 */
export async function exercising<T>(
  { until, seconds, exercise }: RecipeRun,
  run: (plan: StopPlan) => Promise<T>,
): Promise<{ result: T; failure: string | undefined }> {
  if (until === undefined || exercise.length === 0)
    return { result: await run({ until, seconds }), failure: undefined };
  const directory = mkdtempSync(join(tmpdir(), "vz-exercise-"));
  const failed = join(directory, "failed");
  try {
    const result = await run({ until: checkAndExercise(until, exercise, failed), seconds });
    if (!existsSync(failed)) return { result, failure: undefined };
    const command = exercise[Number(readFileSync(failed, "utf8"))] ?? [];
    return { result, failure: `exercise ${printable(quoteWords(command))}: failed` };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A script of the shell. @param failed file to which it writes the number of the command that failed */
export function checkAndExercise(
  until: string,
  exercise: readonly (readonly string[])[],
  failed: string,
): string {
  const steps = exercise.map(
    (command, i) => `${quoteWords(command)} || { echo ${i} > ${quoteWord(failed)}; exit 0; }`,
  );
  return [`( ${until}\n) || exit 1`, ...steps].join("\n");
}
