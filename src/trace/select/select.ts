/**
 * From what a run touched to what its root filesystem needs: existing files that were opened, executed or (regular
 * files) looked at, every link on the way, directories that it opened or made files in. What the run itself made is
 * left out. Pure, but for the walker that it is given.
 */

import { Selection } from "../names/selection.ts";
import { type Place, parentOf, type Walker } from "../names/walk.ts";
import { allTouches, DRAFTED, firstTouch, READS, ROOT_END, Touch } from "../watch/touch.ts";

interface Touched {
  /** As it was named, without the root that it counts from. */
  readonly name: string;
  readonly root: string;
  /** Position among the names. */
  readonly order: number;
  readonly first: number;
  readonly all: number;
  /** Where the name leads, and what stands at the name itself. */
  readonly followed: Place | undefined;
  readonly itself: Place | undefined;
}

/** A name that was there and only opened, or looked at: nearly all are such. */
interface Read {
  readonly place: Place;
  readonly opened: boolean;
  readonly order: number;
}

const MAKES = Touch.made | Touch.maybeMade | Touch.removed;
/** Below it a program may expect directories that only its package makes: one that was looked at is kept. */
const STATE = "/var/";

const FOLLOWS = Touch.opened | Touch.executed | Touch.looked | Touch.maybeMade;

/**
 * @param touched as `TraceLog` keeps it
 * @param bornDuringRun which of these files were born since the run started
 * @param executedIn as `TraceLog` keeps it
 * @param draft a selection that holds the names marked as drafted; it is completed and returned
 */
export function select(
  touched: ReadonlyMap<string, number>,
  walker: Walker,
  bornDuringRun: (paths: readonly string[]) => ReadonlySet<string>,
  executedIn: ReadonlyMap<string, string> = new Map(),
  draft?: Selection,
): Selection {
  const all: Touched[] = [];
  const read: Read[] = [];
  const selection = draft ?? new Selection(walker);
  let order = 0;
  touched.forEach((value, key) => {
    order++;
    const isRead = (value & ~(READS | DRAFTED)) === 0;
    if (draft !== undefined && isRead && (value & DRAFTED) !== 0) return;
    const place = isRead && !key.includes(ROOT_END) ? walker.resolve(key) : undefined;
    if (place !== undefined) {
      read.push({ place, opened: (value & Touch.opened) !== 0, order });
      return;
    }
    const cut = key.indexOf(ROOT_END);
    const root = cut < 0 ? "" : key.slice(0, cut);
    const name = cut < 0 ? key : key.slice(cut + 1);
    const mask = allTouches(value);
    const followed = (mask & FOLLOWS) !== 0 ? walker.resolve(name, true, root) : undefined;
    const itself = (mask & ~FOLLOWS) !== 0 ? walker.resolve(name, false, root) : undefined;
    all.push({ name, root, order, first: firstTouch(value), all: mask, followed, itself });
    const directory = (mask & Touch.executed) !== 0 ? executedIn.get(key) : undefined;
    if (directory !== undefined && followed !== undefined && !selection.executedIn.has(followed.path))
      selection.executedIn.set(followed.path, directory);
  });
  for (const path of madeByRun(all, read, bornDuringRun)) selection.made.add(path);
  for (const { place, opened } of read)
    selection.take(place, place.type === "directory" && (opened || place.path.startsWith(STATE)));
  for (const one of all) choose(one, selection, walker);
  return selection;
}

/** Real names whose first touch, by whatever spelling, made them. */
function madeByRun(
  all: readonly Touched[],
  read: readonly Read[],
  bornDuringRun: (paths: readonly string[]) => ReadonlySet<string>,
): Set<string> {
  const realOf = (one: Touched) =>
    ((one.first & (Touch.made | Touch.removed | Touch.self)) !== 0 ? one.itself : one.followed)?.path;
  const makers = all.filter((one) => (one.first & MAKES) !== 0);
  if (makers.length === 0) return new Set();
  const candidates = new Set(makers.map(realOf));
  const readAt = new Map<string, number>();
  for (const { place, order } of read)
    if (candidates.has(place.path) && !readAt.has(place.path)) readAt.set(place.path, order);
  const first = new Map<string, number>();
  for (const one of all) {
    const path = realOf(one);
    if (path === undefined || !candidates.has(path) || first.has(path)) continue;
    first.set(path, (readAt.get(path) ?? one.order) < one.order ? Touch.looked : one.first);
  }
  const made = new Set<string>();
  const unsure: string[] = [];
  for (const [path, touch] of first) {
    if ((touch & (Touch.made | Touch.removed)) !== 0) made.add(path);
    else if ((touch & Touch.maybeMade) !== 0) unsure.push(path);
  }
  for (const path of bornDuringRun(unsure)) made.add(path);
  return made;
}

function choose(one: Touched, selection: Selection, walker: Walker): void {
  const { followed, itself, all } = one;
  if (followed !== undefined) {
    const { type } = followed;
    const isState = (all & Touch.looked) !== 0 && followed.path.startsWith(STATE);
    selection.take(followed, (all & Touch.opened) !== 0 || isState);
    if ((all & Touch.executed) !== 0 && selection.files.has(followed.path))
      selection.executed.add(followed.path);
    const changed = (all & Touch.written) !== 0 && (type === "file" || type === "directory");
    if (changed && !selection.isMade(followed.path)) {
      selection.written.add(followed.path);
      if (followed.type === "directory") selection.take(followed, true);
    }
  }
  if (itself?.type === "link") selection.take(itself, false);
  const wasThere = (one.first & (Touch.made | Touch.maybeMade)) === 0;
  if (wasThere && (all & Touch.removed) !== 0 && (itself === undefined || selection.isMade(itself.path)))
    selection.removed.add(itself?.path ?? one.root + one.name);
  const makes = (all & MAKES) !== 0;
  const place = followed ?? itself;
  if (place === undefined && !makes)
    selection.notes.leftOut.push({ what: one.name, why: "gone since the run" });
  if (makes && (place === undefined || selection.isMade(place.path))) {
    // The directory must be there for the next run to make it again.
    const parent =
      place === undefined
        ? walker.resolve(parentOf(one.name.replace(/\/+$/, "")), true, one.root)
        : walker.resolve(parentOf(place.path));
    if (parent?.type === "directory" && !selection.isMade(parent.path)) {
      selection.take(parent, true);
      if (!/^\/(proc|sys|dev)(\/|$)/.test(parent.path)) selection.written.add(parent.path);
    }
  }
}
