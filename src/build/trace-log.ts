/**
 * Reads strace's log as it is written, line by line, and keeps what the run touched. Memory grows with the number of
 * different names, not with the length of the run. Names stay in strace's own `\xHH` form (option -xx), in which no
 * name can look like syntax; they are decoded once, at the end.
 *
 * Lines are those of `strace -f -y -z -xx`; see strace(1). What each system call means is in `trace-calls.ts`.
 */
import { FIRST, SLASH, toHex } from "./touch.ts";
import { handlers } from "./trace-calls.ts";

/** Threads share it: one directory, one root (CLONE_FS). In strace's form; undefined where not known yet. */
interface Where {
  cwd: string | undefined;
  /** "" for the host's root. */
  root: string;
}

export interface Task {
  where: Where;
  /** Its fork was seen. The first lines of a child may come before its parent's. */
  born: boolean;
  /** It ended before its fork was seen. */
  gone: boolean;
  /** Relative names that wait for the directory to become known. */
  waiting: [name: string, touch: number][];
}

const PROC = "\\x2f\\x70\\x72\\x6f\\x63\\x2f";
const SYS = "\\x2f\\x73\\x79\\x73\\x2f";
const UNFINISHED = " <unfinished ...>";
const RESUMED = " resumed>";

export class TraceLog {
  /** Touched names in `\xHH` form, absolute, in the order of their first touch. */
  readonly touched = new Map<string, number>();
  /** Process id of the command itself, once it was executed. */
  main: string | undefined;
  readonly #tasks = new Map<string, Task>();
  readonly #unfinished = new Map<string, string>();
  readonly #start: string;
  #lastUnfinished = "";
  #rest = "";

  /** @param cwd directory that the command starts in, a byte string */
  constructor(cwd: string) {
    this.#start = toHex(cwd);
  }

  /** Takes the next piece of the log, cut anywhere. */
  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  /** Ends the log: what never learnt its directory counts from where the command started. */
  end(): void {
    if (this.#rest !== "") this.#line(this.#rest);
    this.#rest = "";
    for (const task of this.#tasks.values()) this.learn(task, task.where.cwd ?? this.#start);
    this.#tasks.clear();
  }

  #line(line: string): void {
    const first = line.charCodeAt(0);
    if (first < 0x30 || first > 0x39) {
      // What a held-back line goes on with has no process id before it.
      this.#resume(this.#lastUnfinished, line);
      return;
    }
    let at = line.indexOf(" ");
    const pid = line.slice(0, at);
    while (line.charCodeAt(at) === 0x20) at++;
    const kind = line.charCodeAt(at);
    if (kind === 0x2b /* +++ exited with 0 +++ */) {
      this.#ended(pid);
    } else if (line.endsWith(UNFINISHED)) {
      this.#unfinished.set(pid, line.slice(at, -UNFINISHED.length));
      this.#lastUnfinished = pid;
    } else if (kind === 0x3c /* <... openat resumed> */) {
      const mark = line.indexOf(RESUMED, at);
      if (mark > 0) this.#resume(pid, line.slice(mark + RESUMED.length));
    } else if (kind !== 0x2d /* --- SIGCHLD … --- */) {
      this.#call(pid, line, at);
    }
  }

  #resume(pid: string, rest: string): void {
    const begun = this.#unfinished.get(pid);
    if (begun === undefined) return;
    this.#unfinished.delete(pid);
    this.#call(pid, begun + rest, 0);
  }

  #ended(pid: string): void {
    const task = this.#tasks.get(pid);
    if (task === undefined) return;
    if (task.born) this.#tasks.delete(pid);
    else task.gone = true;
  }

  #call(pid: string, line: string, at: number): void {
    const open = line.indexOf("(", at);
    const handler = handlers.get(line.slice(at, open));
    if (handler === undefined) return;
    const result = line.lastIndexOf(" = ") + 3;
    const sign = line.charCodeAt(result);
    // -1 ENOENT, or ? for a call that never returned.
    if (result < 3 || sign === 0x2d || sign === 0x3f) return;
    handler(this, this.#task(pid), line, open + 1, result);
  }

  #task(pid: string): Task {
    let task = this.#tasks.get(pid);
    if (task === undefined) {
      const isMain = this.main === undefined;
      if (isMain) this.main = pid;
      const where = { cwd: isMain ? this.#start : undefined, root: "" };
      task = { where, born: isMain, gone: false, waiting: [] };
      this.#tasks.set(pid, task);
    }
    return task;
  }

  /** A fork in `parent` that gave `pid`. */
  forked(parent: Task, pid: string, sharesDirectory: boolean): void {
    const where = sharesDirectory ? parent.where : { ...parent.where };
    const early = this.#tasks.get(pid);
    if (early === undefined || early.born) {
      this.#tasks.set(pid, { where, born: true, gone: false, waiting: [] });
      return;
    }
    early.born = true;
    if (early.where.cwd === undefined) early.where = where;
    this.#flush(early);
    if (early.gone) this.#tasks.delete(pid);
  }

  /** The task's directory, as a line of its own tells it. */
  learn(task: Task, cwd: string): void {
    task.where.cwd = cwd;
    if (task.waiting.length > 0) this.#flush(task);
  }

  #flush(task: Task): void {
    const { waiting } = task;
    task.waiting = [];
    for (const [name, touch] of waiting) this.touch(task, task.where.cwd, name, touch);
  }

  /** @param base directory of a relative name, or undefined while it is not known */
  touch(task: Task, base: string | undefined, name: string, touch: number): void {
    if (name === "" || touch === 0) return;
    if (name.startsWith(SLASH)) this.add(task.where.root === "" ? name : task.where.root + name, touch);
    else if (base !== undefined) this.add(base === SLASH ? SLASH + name : base + SLASH + name, touch);
    else task.waiting.push([name, touch]);
  }

  /** @param path as it is on the host; what has no name in a directory is passed over */
  add(path: string, touch: number): void {
    if (!path.startsWith(SLASH) || path.startsWith(PROC) || path.startsWith(SYS)) return;
    const value = this.touched.get(path);
    if (value === undefined) this.touched.set(path, touch | (touch << FIRST));
    else if ((value & touch) !== touch) this.touched.set(path, value | touch);
  }
}
