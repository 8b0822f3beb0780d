/**
 * Reads strace's log as it is written, line by line, and keeps what the run touched. Memory grows with the number of
 * different names that are there at the end, not with the length of the run.
 *
 * Lines are those of `strace-argv.ts`; see strace(1). What each system call means is in `calls.ts`.
 */

import { parentOf } from "../names/walk.ts";
import { handlers } from "./calls.ts";
import { FIRST, ROOT_END, Touch } from "./touch.ts";

/** Threads share it: one directory, one root (CLONE_FS). Byte strings. */
interface Where {
  cwd: string;
  /** "" for the host's root. */
  root: string;
  /** More than one task has it, so that a line of one of them may be older than what another did since. */
  shared: boolean;
}

export interface Task {
  where: Where;
}

/** Something that a run did and that the names in its log do not wholly tell. */
export type Note = "namespace" | "chroot" | "long";

/** Gives the real name of a directory, without links and "..", or undefined where it cannot be found now. */
export type Real = (path: string) => string | undefined;

const UNFINISHED = " <unfinished ...>";
const RESUMED = " resumed>";
const CHANGED = / <pid changed to (\d+) \.\.\.>$/;
const FORKING = /^(?:v?fork|clone3?)\(/;
const FAILED = / = -1 E[A-Z0-9]+ \([^()"<>]*\)$/;
/** Longest name that a system call takes, with its NUL: PATH_MAX of limits.h. */
const PATH_MAX = 4096;
const MADE = Touch.made | Touch.maybeMade;
const MADE_OR_REMOVED = MADE | Touch.removed;
const MAX_FRESH = 10_000;
/** Most lines that are held for a task whose fork does not come back, as where the parent was killed in it. */
const MAX_HELD = 1000;

export class TraceLog {
  /** Touched names, absolute, in the order of their first touch; behind a chroot the root and `ROOT_END` before the name. */
  readonly touched = new Map<string, number>();
  /** Directory in which each name was executed first: what the relative interpreter of a script counts from. */
  readonly executedIn = new Map<string, string>();
  readonly notes = new Set<Note>();
  /** Names that were first touched since the last `takeFresh`, and not by making or removing them. */
  #fresh: string[] = [];
  /** Process id of the command itself, once it was executed. */
  main: string | undefined;
  readonly #tasks = new Map<string, Task>();
  /** Lines of tasks that come before the parent's line that tells where the task stands: read when that line comes. */
  readonly #held = new Map<string, string[]>();
  readonly #unfinished = new Map<string, string>();
  readonly #start: string;
  readonly #real: Real;
  #lastUnfinished = "";

  /** @param cwd directory that the command starts in, a byte string */
  constructor(cwd: string, real: Real = () => undefined) {
    this.#start = cwd;
    this.#real = real;
  }

  /** Takes the next lines of the log, whole ones. */
  push(lines: readonly string[]): void {
    for (const line of lines) this.#line(line);
  }

  /** Names first touched since the last call, except by making or removing them; not all, where there are very many. */
  takeFresh(): readonly string[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** Ends the log: lines whose fork was never seen are read as far as can be. */
  end(): void {
    for (const pid of [...this.#held.keys()]) this.#adopt(pid);
    this.#tasks.clear();
  }

  #line(line: string): void {
    const first = line.charCodeAt(0);
    if (first < 0x30 || first > 0x39) {
      // The rest of an unfinished line has no process id before it.
      const held = this.#held.get(this.#lastUnfinished);
      if (held === undefined) this.#resume(this.#lastUnfinished, line);
      else held.push(line);
      return;
    }
    let at = line.indexOf(" ");
    const pid = line.slice(0, at);
    if (this.main === undefined && this.#tasks.size === 0) this.#tasks.set(pid, this.#first());
    const task = this.#tasks.get(pid);
    if (task === undefined) {
      this.#hold(pid, line);
      return;
    }
    while (line.charCodeAt(at) === 0x20) at++;
    const kind = line.charCodeAt(at);
    if (kind === 0x2b /* +++ exited with 0 +++ */) {
      this.#unfinished.delete(pid);
      if (!line.includes("superseded")) this.#tasks.delete(pid);
    } else if (kind === 0x3c /* <... openat resumed> */) {
      const mark = line.indexOf(RESUMED, at);
      if (mark > 0) this.#resume(pid, line.slice(mark + RESUMED.length));
    } else if (kind !== 0x2d /* --- SIGCHLD … --- */) {
      this.#call(task, pid, line, at);
    }
  }

  #hold(pid: string, line: string): void {
    if (line.endsWith(UNFINISHED)) this.#lastUnfinished = pid;
    const held = this.#held.get(pid);
    if (held === undefined) this.#held.set(pid, [line]);
    else if (held.push(line) > MAX_HELD) this.#adopt(pid);
  }

  /** Takes for the parent a task whose fork has not come back; where there is none, the child stands where the command started. */
  #adopt(pid: string): void {
    const forking = [...this.#unfinished].find(([, begun]) => FORKING.test(begun));
    const [from = "", begun = ""] = forking ?? [];
    this.forked(this.#tasks.get(from) ?? this.#first(), pid, begun.includes("CLONE_FS"));
  }

  /** A task where the command started. */
  #first(): Task {
    return { where: { cwd: this.#start, root: "", shared: false } };
  }

  #resume(pid: string, rest: string): void {
    const begun = this.#unfinished.get(pid);
    const task = this.#tasks.get(pid);
    if (begun === undefined || task === undefined) return;
    this.#unfinished.delete(pid);
    this.#call(task, pid, begun + rest, 0);
  }

  #call(task: Task, pid: string, line: string, at: number): void {
    const length = line.length;
    const last = line.charCodeAt(length - 1);
    if (last === 0x3e /* > */ && line.charCodeAt(length - 2) === 0x2e && this.#cut(task, pid, line, at))
      return;
    // Only these two ends leave it open whether the call has succeeded.
    if (last === 0x3f /* ? */ || (last === 0x29 /* ) */ && FAILED.test(line))) return;
    this.main ??= pid;
    const open = line.indexOf("(", at);
    handlers.get(line.slice(at, open))?.(this, task, line, open + 1);
  }

  /** A call that has not come back yet, or never will under this id. A name between angle brackets holds no angle bracket. */
  #cut(task: Task, pid: string, line: string, at: number): boolean {
    if (line.endsWith(UNFINISHED)) {
      this.#unfinished.set(pid, line.slice(at, -UNFINISHED.length));
      this.#lastUnfinished = pid;
      return true;
    }
    const changed = CHANGED.exec(line);
    if (changed === null) return false;
    this.#call(task, pid, `${line.slice(0, changed.index)}) = 0`, at);
    this.#tasks.delete(pid);
    this.#tasks.set(changed[1] ?? pid, task);
    return true;
  }

  /** A fork in `parent` that gave `pid`. */
  forked(parent: Task, pid: string, sharesDirectory: boolean): void {
    // Its lines were too many to be held, and are being read already.
    if (this.#tasks.has(pid)) return;
    const { where } = parent;
    if (sharesDirectory) where.shared = true;
    this.#tasks.set(pid, { where: sharesDirectory ? where : { ...where, shared: false } });
    const held = this.#held.get(pid);
    if (held === undefined) return;
    this.#held.delete(pid);
    const last = this.#lastUnfinished;
    this.push(held);
    this.#lastUnfinished = last;
  }

  /** The task shares its directory and its root no more (CLONE_FS of unshare(2)). */
  unshared(task: Task): void {
    task.where = { ...task.where, shared: false };
  }

  /** Learns the task's directory, whose real name a line shows beside AT_FDCWD. */
  learn(task: Task, cwd: string): void {
    if (!task.where.shared) task.where.cwd = cwd;
  }

  /** The task went to `cwd`, an absolute name on the host. */
  went(task: Task, cwd: string): void {
    // ".." behind a link is not what it looks like: look it up while that is possible. That also bounds the name's length.
    const real = cwd.includes("/..") || cwd.length > PATH_MAX / 2 ? this.#real(cwd) : undefined;
    task.where.cwd = real ?? cwd;
  }

  /** The real name of a directory on the host, as far as it can be found now. */
  realOf(path: string): string {
    return this.#real(path) ?? path;
  }

  /** @param base directory of a relative name; undefined where it has none */
  touch(task: Task, base: string | undefined, name: string, touch: number): void {
    if (name === "" || touch === 0) return;
    const { root, cwd } = task.where;
    let path: string;
    if (name.charCodeAt(0) === 0x2f) path = root === "" ? name : root + ROOT_END + name;
    else if (base === undefined) return;
    else if (root !== "" && base.startsWith(`${root}/`))
      path = `${root}${ROOT_END}${base.slice(root.length)}/${name}`;
    else path = base === "/" ? base + name : `${base}/${name}`;
    this.add(path, touch);
    if ((touch & Touch.executed) !== 0 && !this.executedIn.has(path)) this.executedIn.set(path, cwd);
  }

  /** @param path as it is on the host; what has no name in a directory is passed over */
  add(path: string, touch: number): void {
    if (path.charCodeAt(0) !== 0x2f || path.startsWith("/proc/") || path.startsWith("/sys/")) return;
    const value = this.touched.get(path);
    if (value === undefined) {
      if (path.length >= PATH_MAX) this.notes.add("long");
      else {
        this.touched.set(path, touch | (touch << FIRST));
        if ((touch & MADE_OR_REMOVED) === 0 && this.#fresh.length < MAX_FRESH) this.#fresh.push(path);
      }
    } else if ((touch & Touch.removed) !== 0 && ((value >> FIRST) & MADE) !== 0) {
      // Made and removed: all that stays of it is that its directory has to be there.
      this.touched.delete(path);
      this.add(parentOf(path), Touch.looked | Touch.written);
    } else if ((value & touch) !== touch) this.touched.set(path, value | touch);
  }
}
