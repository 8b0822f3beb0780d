/** From several traced runs to one selection. */
import { bornSince } from "./birth.ts";
import { type Selection, select } from "./selection.ts";
import { allTouches } from "./touch.ts";
import type { TracedRun } from "./traced-run.ts";
import type { Walker } from "./walk.ts";

/** What one run made and a later one read was not there before either. */
export function selectRuns(runs: readonly TracedRun[], walker: Walker): Selection {
  const started = runs[0]?.started ?? 0;
  return select(mergeTouched(runs.map(({ log }) => log.touched)), walker, (paths) =>
    bornSince(paths, started),
  );
}

/** The first touch of a name is the first run's that touched it; see touch.ts. */
export function mergeTouched(all: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const [first = new Map<string, number>(), ...others] = all;
  if (others.length === 0) return first;
  const merged = new Map(first);
  for (const touched of others) {
    for (const [name, value] of touched) {
      const before = merged.get(name);
      merged.set(name, before === undefined ? value : before | allTouches(value));
    }
  }
  return merged;
}
