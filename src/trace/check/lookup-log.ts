/** Which names a run looked for in vain, out of strace's log of all calls that take a name; see strace(1), option -y. */
import { unquote } from "../watch/touch.ts";

export interface Lookup {
  readonly call: string;
  /** A byte string. */
  readonly name: string;
  /** What a relative name counts from, as strace shows it; undefined where it does not. */
  readonly base: string | undefined;
}

/** Most different ones that are kept: more help nobody. */
const MAX_LOOKUPS = 20_000;
const UNFINISHED = " <unfinished ...>";
const LINE = /^(\d+) +(.*)$/s;
const RESUMED = /^<\.\.\. \w+ resumed>/;
const CALL = /^(\w+)\((?:(?:AT_FDCWD|\d+)(?:<((?:\\.|[^<>\\])*)>)?(?:\(deleted\))?, )?"((?:\\.|[^"\\])*)"/s;
const NOT_THERE = / = -1 (?:ENOENT|ENOTDIR) \([^()]*\)$/;

export class LookupLog {
  /** In the order of the log, once the program itself runs. */
  readonly failed: Lookup[] = [];
  /** Process id of the runner, which becomes the program. */
  main: string | undefined;
  /** Whether the program itself was executed: the runner is the first that is. */
  started = false;
  readonly #begun = new Map<string, string>();
  readonly #seen = new Set<string>();
  #executed = 0;

  take(lines: readonly string[]): void {
    for (const line of lines) {
      const [, pid = "", text = ""] = LINE.exec(line) ?? [];
      if (pid === "") continue;
      this.main ??= pid;
      if (text.endsWith(UNFINISHED)) this.#begun.set(pid, text.slice(0, -UNFINISHED.length));
      else if (RESUMED.test(text)) {
        const begun = this.#begun.get(pid);
        this.#begun.delete(pid);
        if (begun !== undefined) this.#call(begun + text.replace(RESUMED, ""));
      } else this.#call(text);
    }
  }

  #call(text: string): void {
    if (/^execve(at)?\(.*\) = 0$/s.test(text)) this.started = ++this.#executed > 1;
    if (!this.started || !NOT_THERE.test(text)) return;
    const [, call = "", base, name] = CALL.exec(text) ?? [];
    if (name === undefined || name === "") return;
    const key = `${base ?? ""}\0${name}`;
    if (this.#seen.has(key) || this.#seen.size >= MAX_LOOKUPS) return;
    this.#seen.add(key);
    this.failed.push({ call, name: unquote(name), base: base === undefined ? undefined : unquote(base) });
  }
}
