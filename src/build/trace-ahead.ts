/**
 * Looks at what a run touches while it lasts, in the pauses of its log, so that little is left to do after it. What was seen
 * counts afterwards only where the run changed nothing: what it may have made, removed or written to is looked at again.
 */
import { isLibraryName } from "./closure-libraries.ts";
import { HostFiles } from "./host-files.ts";
import { LoaderConfig } from "./loader-config.ts";
import { allTouches, ROOT_END, Touch } from "./touch.ts";
import { baseOf, parentOf, Walker } from "./walk.ts";

const CHANGES = Touch.made | Touch.maybeMade | Touch.removed | Touch.written;
/** Where a run changed more names than this, all is looked at again. */
const MAX_CHANGED = 32;

export interface Seen {
  readonly walker: Walker;
  readonly files: HostFiles;
}

export class Ahead {
  readonly #walker = new Walker();
  readonly #files = new HostFiles(this.#walker);
  readonly #loaders = new LoaderConfig(this.#files);

  constructor() {
    this.#walker.settled = false;
  }

  /** @param touched as `TraceLog` keeps it, by now */
  take(names: readonly string[], touched: ReadonlyMap<string, number>): void {
    const plain = names.filter((name) => !name.includes(ROOT_END));
    this.#walker.lookAhead(plain);
    for (const name of plain) {
      const isProgram = (allTouches(touched.get(name) ?? 0) & Touch.executed) !== 0;
      if (!isProgram && !isLibraryName(name)) continue;
      const loader = this.#files.elf(name)?.interpreter ?? null;
      if (loader !== null) this.#loaders.defaults(loader);
    }
  }

  /** What still counts now that the runs have ended. */
  end(touched: ReadonlyMap<string, number>): Seen {
    this.#walker.settled = true;
    const changed: string[] = [];
    for (const [name, value] of touched) if ((value & CHANGES) !== 0) changed.push(name);
    if (changed.length === 0) return { walker: this.#walker, files: this.#files };
    const now = new Walker();
    const real = changed.map((name) => {
      const parent = now.resolve(parentOf(name))?.path;
      return parent === undefined ? undefined : `${parent === "/" ? "" : parent}/${baseOf(name)}`;
    });
    const known = real.filter((path) => path !== undefined);
    const all = [...changed, ...known];
    const isPlain = all.every((path) => !/\/(\.\.?)?(\/|$)/.test(path) && !path.includes(ROOT_END));
    // Programs, libraries and loaders were read, too.
    const wereRead = all.some((path) => isLibraryName(path) || this.#files.knows(path));
    if (changed.length > MAX_CHANGED || known.length < changed.length || !isPlain || wereRead)
      return { walker: now, files: new HostFiles(now) };
    this.#walker.forget([...new Set(all)]);
    return { walker: this.#walker, files: this.#files };
  }
}
