/** From several traced runs to one selection. */

import { fromFs } from "../../common/byte-strings.ts";
import type { Selection } from "../names/selection.ts";
import type { Walker } from "../names/walk.ts";
import { insideRoot, nameInside } from "../watch/root.ts";
import type { TracedRun } from "../watch/run.ts";
import { allTouches } from "../watch/touch.ts";
import { bornSince } from "./birth.ts";
import { select } from "./select.ts";

/** What all runs touched, by names as from inside of the root; the first touch of a name is that of the first run. */
export function touchedBy(runs: readonly TracedRun[], root: string): ReadonlyMap<string, number> {
  return mergeTouched(runs.map(({ log }) => insideRoot(log.touched, root)));
}

/** One selection for all runs. What one run made and a later one read counts as made. */
export function selectRuns(
  touched: ReadonlyMap<string, number>,
  runs: readonly TracedRun[],
  walker: Walker,
  root: string,
  draft?: Selection,
): Selection {
  const since = runs[0]?.fileTime ?? 0;
  const executedIn = new Map<string, string>();
  for (const [name, directory] of runs.flatMap(({ log }) => [...log.executedIn])) {
    const [inside, from] = [nameInside(name, root), nameInside(directory, root)];
    if (inside !== undefined && from !== undefined && !executedIn.has(inside)) executedIn.set(inside, from);
  }
  return select(touched, walker, (paths) => bornIn(walker, paths, since), executedIn, draft);
}

/** The real names among `paths` that were born since. */
function bornIn(walker: Walker, paths: readonly string[], since: number): Set<string> {
  const names = new Map(paths.map((path) => [fromFs(walker.fs(path)), path]));
  return new Set([...bornSince([...names.keys()], since)].flatMap((name) => names.get(name) ?? []));
}

/** What several runs touched; a name's first touch is that of the earliest run. */
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
