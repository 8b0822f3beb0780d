/**
 * Looks at what a run touches while it lasts, in the pauses of its log, so that little is left to do after it. What was seen
 * counts afterwards only where the run changed nothing: what it may have made, removed or written to is looked at again.
 */
import { isLibraryName } from "../closure/libraries.ts";
import { HostFiles } from "../elf/host-files.ts";
import { LoaderConfig } from "../elf/loader-config.ts";
import { Selection } from "../names/selection.ts";
import { baseOf, commonStart, type Place, parentOf, Walker } from "../names/walk.ts";
import type { TraceLog } from "../watch/log.ts";
import type { TracedRun } from "../watch/run.ts";
import { allTouches, DRAFTED, READS, ROOT_END, Touch } from "../watch/touch.ts";

const CHANGES = Touch.made | Touch.maybeMade | Touch.removed | Touch.written;
/** Where a run changed more names than this, all is looked at again. */
const MAX_CHANGED = 32;
/** After a longer run all is looked at again, for others may have changed it meanwhile. */
const MAX_MS = 10_000;

export interface Seen {
  readonly walker: Walker;
  readonly files: HostFiles;
  /** Holds the names that are marked as drafted. */
  readonly draft: Selection | undefined;
}

export class Ahead {
  readonly #walker = new Walker();
  readonly #files = new HostFiles(this.#walker);
  readonly #loaders = new LoaderConfig(this.#files);
  readonly #draft = new Selection(this.#walker);
  readonly #drafted: { readonly name: string; readonly place: Place }[] = [];

  constructor() {
    this.#walker.settled = false;
  }

  /** Takes the log's fresh names. */
  take(log: TraceLog): void {
    const names = log.takeFresh().filter((name) => !name.includes(ROOT_END));
    const places = this.#walker.lookAhead(names);
    for (let i = 0; i < names.length; i++) {
      const name = names[i] ?? "";
      const value = log.touched.get(name);
      if (value === undefined) continue;
      const place = places[i];
      if (place !== undefined && (value & ~READS) === 0) {
        this.#draft.take(place, false);
        this.#drafted.push({ name, place });
        log.touched.set(name, value | DRAFTED);
      }
      if ((allTouches(value) & Touch.executed) !== 0 || isLibraryName(name)) this.#readHeaders(name);
    }
  }

  #readHeaders(name: string): void {
    const loader = this.#files.elf(name)?.interpreter ?? null;
    if (loader !== null) this.#loaders.defaults(loader);
  }

  /** What still counts now that the one run has ended; undefined where nothing does. */
  end([run]: readonly TracedRun[]): Seen | undefined {
    this.#walker.settled = true;
    if (run === undefined || run.ended - run.started > MAX_MS || run.log.notes.has("namespace"))
      return undefined;
    const changed = changedBy(run.log.touched);
    if (changed === undefined) return undefined;
    // Headers of programs, libraries and loaders were read, too.
    if (changed.some((path) => isLibraryName(path) || this.#files.knows(path))) return undefined;
    if (changed.length > 0) this.#walker.forget(changed);
    const isRight = this.#dropFromDraft(changed, run.log.touched);
    return { walker: this.#walker, files: this.#files, draft: isRight ? this.#draft : undefined };
  }

  /** Takes out what changed. False where the draft cannot be mended. */
  #dropFromDraft(changed: readonly string[], touched: Map<string, number>): boolean {
    if (changed.length === 0) return true;
    const common = commonStart(changed);
    for (const { name, place } of this.#drafted) {
      const { path, links } = place;
      if (links.length === 0 && !path.startsWith(common)) continue;
      if (links.some((link) => isAmong(link, changed))) return false;
      if (!isAmong(path, changed)) continue;
      if (links.length > 0) return false;
      this.#draft.files.delete(path);
      touched.set(name, (touched.get(name) ?? 0) & ~DRAFTED);
    }
    return true;
  }
}

/** Whether this is one of these paths, or lies below one. */
function isAmong(path: string, paths: readonly string[]): boolean {
  for (const one of paths) {
    if (path.startsWith(one) && (path.length === one.length || path[one.length] === "/")) return true;
  }
  return false;
}

/** What a run may have changed, each by all its names; undefined where that is much, or cannot be told. */
function changedBy(touched: ReadonlyMap<string, number>): string[] | undefined {
  const names: string[] = [];
  touched.forEach((value, name) => {
    if ((value & CHANGES) !== 0) names.push(name);
  });
  if (names.length > MAX_CHANGED) return undefined;
  const walker = new Walker();
  const paths = new Set(names);
  for (const name of names) {
    const parent = walker.resolve(parentOf(name))?.path;
    if (parent === undefined) return undefined;
    paths.add(`${parent === "/" ? "" : parent}/${baseOf(name)}`);
    const end = walker.resolve(name)?.path;
    if (end !== undefined) paths.add(end);
  }
  const all = [...paths];
  return all.some((path) => /\/(\.\.?)?(\/|$)/.test(path) || path.includes(ROOT_END)) ? undefined : all;
}
