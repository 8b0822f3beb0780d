/**
 * What each traced system call says about files: one table from a call's name to the reader of its line, shared by the
 * 64-bit and the 32-bit calls. Meanings are those of the manual pages, section 2.
 */
import { SLASH, Touch } from "./touch.ts";
import type { Task, TraceLog } from "./trace-log.ts";

/** @param at where the arguments start; @param result where the result starts */
export type Handler = (log: TraceLog, task: Task, line: string, at: number, result: number) => void;

/** Gives the touch that a line means, from where the arguments behind the name start; 0 for none. */
type TouchOf = (line: string, end: number) => number;

interface Name {
  readonly base: string | undefined;
  readonly name: string;
  /** Behind the closing quote. */
  readonly end: number;
}

/** Reads a name at `at`: alone, or behind a directory's descriptor. */
type NameReader = (log: TraceLog, task: Task, line: string, at: number) => Name | undefined;

const alone: NameReader = (_log, task, line, at) => {
  // An address stands where strace could not read the name.
  if (line.charCodeAt(at) !== 0x22) return undefined;
  const end = line.indexOf('"', at + 1);
  return end < 0 ? undefined : { base: task.where.cwd, name: line.slice(at + 1, end), end: end + 1 };
};

/** A descriptor is shown as `AT_FDCWD</its/path>` or `5</its/path>`; behind a name that is gone stands "(deleted)". */
const behindDescriptor: NameReader = (log, task, line, at) => {
  const comma = line.indexOf(", ", at);
  const open = line.indexOf("<", at);
  const shown = open > 0 && open < comma && line.charCodeAt(comma - 1) === 0x3e;
  const base = shown ? line.slice(open + 1, comma - 1) : undefined;
  const isCwd = line.charCodeAt(at) === 0x41;
  if (isCwd && base !== undefined) log.learn(task, base);
  const found = alone(log, task, line, comma + 2);
  if (found === undefined) return undefined;
  if (isCwd) return { ...found, base: task.where.cwd };
  return base === undefined && !found.name.startsWith(SLASH) ? undefined : { ...found, base };
};

function naming(read: NameReader, touchOf: TouchOf | number): Handler {
  return (log, task, line, at) => {
    const found = read(log, task, line, at);
    if (found === undefined) return;
    const touch = typeof touchOf === "number" ? touchOf : touchOf(line, found.end);
    log.touch(task, found.base, found.name, touch);
  };
}

/** Calls with two names. Touch 0: the first is the text of a link and names nothing. */
function namingTwo(readOld: NameReader, oldTouch: number, readNew: NameReader): Handler {
  return (log, task, line, at) => {
    const old = readOld(log, task, line, at);
    if (old === undefined) return;
    log.touch(task, old.base, old.name, oldTouch);
    const made = readNew(log, task, line, old.end + 2);
    if (made !== undefined) log.touch(task, made.base, made.name, Touch.made);
  };
}

function openTouch(line: string, at: number): number {
  const flags = line.slice(at, line.indexOf(" = ", at));
  if (flags.includes("O_TMPFILE")) return 0;
  let touch: number = Touch.opened;
  if (flags.includes("O_CREAT")) touch |= flags.includes("O_EXCL") ? Touch.made : Touch.maybeMade;
  if (flags.includes("O_WRONLY") || flags.includes("O_RDWR")) touch |= Touch.written;
  if (flags.includes("O_PATH") && flags.includes("O_NOFOLLOW")) touch |= Touch.self;
  return touch;
}

/** An open also shows, in its result, the real name behind all links: `= 3</real/name>`. */
function opening(read: NameReader, touchOf: TouchOf): Handler {
  return (log, task, line, at, result) => {
    const found = read(log, task, line, at);
    if (found === undefined) return;
    const touch = touchOf(line, found.end);
    log.touch(task, found.base, found.name, touch);
    const open = line.indexOf("<", result);
    if (touch !== 0 && open > 0 && line.endsWith(">")) log.add(line.slice(open + 1, -1), touch);
  };
}

/** The answer of a stat tells the type, so that directories, which no spec lists for being looked at, cost nothing. */
function statTouch(line: string, at: number): number {
  if (line.includes("S_IFREG", at)) return Touch.looked;
  return line.includes("S_IFLNK", at) ? Touch.self : 0;
}

const fork: Handler = (log, task, line, at, result) => {
  const end = line.indexOf(" ", result);
  const pid = end < 0 ? line.slice(result) : line.slice(result, end);
  if (pid !== "0") log.forked(task, pid, line.includes("CLONE_FS", at));
};

const chdir: Handler = (log, task, line, at) => {
  const found = alone(log, task, line, at);
  if (found === undefined) return;
  log.touch(task, found.base, found.name, Touch.opened);
  if (found.name.startsWith(SLASH)) log.learn(task, task.where.root + found.name);
  else if (found.base !== undefined) log.learn(task, found.base + SLASH + found.name);
};

const fchdir: Handler = (log, task, line, at) => {
  const open = line.indexOf("<", at);
  const close = line.indexOf(">)", open);
  if (open > 0 && close > 0) log.learn(task, line.slice(open + 1, close));
};

const chroot: Handler = (log, task, line, at) => {
  const found = alone(log, task, line, at);
  if (found === undefined) return;
  log.touch(task, found.base, found.name, Touch.opened);
  const absolute = found.name.startsWith(SLASH);
  const root = absolute ? task.where.root + found.name : `${found.base ?? ""}${SLASH}${found.name}`;
  task.where.root = root === SLASH ? "" : root;
};

const bind: Handler = (log, task, line, at) => {
  const path = line.indexOf('sun_path="', at);
  const found = path < 0 ? undefined : alone(log, task, line, path + "sun_path=".length);
  if (found !== undefined) log.touch(task, found.base, found.name, Touch.made);
};

const { executed, looked, made, opened, removed, self } = Touch;
const changed = Touch.looked | Touch.written;
const created = Touch.opened | Touch.maybeMade | Touch.written;

export const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["open", opening(alone, openTouch)],
  ["creat", opening(alone, () => created)],
  ["openat", opening(behindDescriptor, openTouch)],
  ["openat2", opening(behindDescriptor, openTouch)],
  ["execve", naming(alone, executed)],
  ["execveat", naming(behindDescriptor, executed)],
  ["stat", naming(alone, statTouch)],
  ["stat64", naming(alone, statTouch)],
  ["lstat", naming(alone, statTouch)],
  ["lstat64", naming(alone, statTouch)],
  ["newfstatat", naming(behindDescriptor, statTouch)],
  ["fstatat64", naming(behindDescriptor, statTouch)],
  ["statx", naming(behindDescriptor, statTouch)],
  ["access", naming(alone, looked)],
  ["faccessat", naming(behindDescriptor, looked)],
  ["faccessat2", naming(behindDescriptor, looked)],
  ["readlink", naming(alone, self)],
  ["readlinkat", naming(behindDescriptor, self)],
  ["chmod", naming(alone, changed)],
  ["fchmodat", naming(behindDescriptor, changed)],
  ["chown", naming(alone, changed)],
  ["chown32", naming(alone, changed)],
  ["fchownat", naming(behindDescriptor, changed)],
  ["truncate", naming(alone, changed)],
  ["truncate64", naming(alone, changed)],
  ["mkdir", naming(alone, made)],
  ["mkdirat", naming(behindDescriptor, made)],
  ["mknod", naming(alone, made)],
  ["mknodat", naming(behindDescriptor, made)],
  ["unlink", naming(alone, removed)],
  ["unlinkat", naming(behindDescriptor, removed)],
  ["rmdir", naming(alone, removed)],
  ["rename", namingTwo(alone, removed, alone)],
  ["renameat", namingTwo(behindDescriptor, removed, behindDescriptor)],
  ["renameat2", namingTwo(behindDescriptor, removed, behindDescriptor)],
  ["link", namingTwo(alone, opened, alone)],
  ["linkat", namingTwo(behindDescriptor, opened, behindDescriptor)],
  ["symlink", namingTwo(alone, 0, alone)],
  ["symlinkat", namingTwo(alone, 0, behindDescriptor)],
  ["bind", bind],
  ["socketcall", bind],
  ["chdir", chdir],
  ["fchdir", fchdir],
  ["chroot", chroot],
  ["fork", fork],
  ["vfork", fork],
  ["clone", fork],
  ["clone3", fork],
]);
