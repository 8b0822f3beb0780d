/**
 * What each traced system call says about files: one table from a call's name to the reader of its line, shared by the
 * 64-bit and the 32-bit calls. Meanings are those of the manual pages, section 2.
 */

import type { Task, TraceLog } from "./log.ts";
import { Touch } from "./touch.ts";
import { alone, behindDescriptor, type NameReader, result, shown } from "./words.ts";

/** @param at where the arguments start */
export type Handler = (log: TraceLog, task: Task, line: string, at: number) => void;

/** Gives the touch that a line means, from where the arguments behind the name start; 0 for none. */
type TouchOf = (line: string, end: number) => number;

function naming(read: NameReader, touchOf: TouchOf | number): Handler {
  return (log, task, line, at) => {
    const found = read(log, task, line, at);
    if (found === undefined || found.name === "") return;
    const touch = typeof touchOf === "number" ? touchOf : touchOf(line, found.end);
    log.touch(task, found.base, found.name, touch);
  };
}

/** A call with two names. Touch 0: the first is the text of a link and names nothing. Names that are exchanged both stay. */
function namingTwo(readOld: NameReader, oldTouch: number, readNew: NameReader): Handler {
  return (log, task, line, at) => {
    const old = readOld(log, task, line, at);
    if (old === undefined) return;
    const fresh = readNew(log, task, line, old.end + 2);
    const exchanged = fresh !== undefined && line.includes("RENAME_EXCHANGE", fresh.end);
    log.touch(task, old.base, old.name, exchanged ? changed : oldTouch);
    if (fresh !== undefined) log.touch(task, fresh.base, fresh.name, exchanged ? changed : made);
  };
}

const READ_ONLY = ", O_RDONLY|O_CLOEXEC) ";

function openTouch(line: string, at: number): number {
  if (line.startsWith(READ_ONLY, at)) return opened;
  const flags = line.slice(at, line.indexOf(" = ", at));
  if (flags.includes("O_TMPFILE")) return 0;
  let touch: number = opened;
  if (flags.includes("O_CREAT")) touch |= flags.includes("O_EXCL") ? made : Touch.maybeMade;
  if (flags.includes("O_WRONLY") || flags.includes("O_RDWR")) touch |= Touch.written;
  if (flags.includes("O_PATH") && flags.includes("O_NOFOLLOW")) touch |= self;
  return touch;
}

/** An open also shows, in its result, the real name behind all links. */
function opening(read: NameReader, touchOf: TouchOf): Handler {
  return (log, task, line, at) => {
    const found = read(log, task, line, at);
    if (found === undefined) return;
    const { base, name, end } = found;
    const touch = touchOf(line, end);
    if (touch === 0) return;
    // With RESOLVE_IN_ROOT an absolute name counts from the directory; see openat2(2).
    const ownRoot = name.startsWith("/") && line.includes("RESOLVE_IN_ROOT", end);
    if (!ownRoot) log.touch(task, base, name, touch);
    const real = result(line, end);
    if (real !== undefined && (real !== name || ownRoot)) log.add(real, touch);
  };
}

/** The answer of a stat tells the type. Directories cost nothing, except below /var: only there a look makes a spec list them. */
function statTouch(line: string, at: number): number {
  if (line.includes("S_IFREG", at)) return looked;
  if (line.includes("S_IFDIR", at)) return line.lastIndexOf("/var/", at) < 0 ? 0 : looked;
  return line.includes("S_IFLNK", at) ? self : 0;
}

const executing: Handler = (log, task, line, at) => {
  const found = alone(log, task, line, at);
  if (found !== undefined) log.touch(task, found.base, found.name, executed);
};

/** Without a name it is the descriptor's file that is executed; see fexecve(3). */
const executingAt: Handler = (log, task, line, at) => {
  const found = behindDescriptor(log, task, line, at);
  if (found === undefined) return;
  if (found.name !== "") log.touch(task, found.base, found.name, executed);
  else if (found.base !== undefined) log.add(found.base, executed);
};

/** Where the child is in a PID namespace of its own, strace's number for it stands in a comment behind the kernel's answer. */
const fork: Handler = (log, task, line, at) => {
  const numbers = / = (\d+)(?: \/\* (\d+) in )?/.exec(line.slice(line.lastIndexOf(" = ")));
  const pid = numbers?.[2] ?? numbers?.[1] ?? "0";
  if (line.includes("CLONE_NEWNS", at)) log.notes.add("namespace");
  if (pid !== "0") log.forked(task, pid, line.includes("CLONE_FS", at));
};

const unshare: Handler = (log, task, line, at) => {
  const mounts = line.includes("CLONE_NEWNS", at);
  if (mounts) log.notes.add("namespace");
  if (mounts || line.includes("CLONE_FS", at) || line.includes("CLONE_NEWUSER", at)) log.unshared(task);
};

/** A task that enters another mount namespace stands at its root; see setns(2). */
const setns: Handler = (log, task, line, at) => {
  const space = shown(line, at)?.path ?? "";
  if (!space.startsWith("mnt:") && !space.endsWith("/mnt") && !line.includes("CLONE_NEWNS", at)) return;
  log.notes.add("namespace");
  task.where.root = "";
  log.went(task, "/");
};

const mounting: Handler = (log) => {
  log.notes.add("namespace");
};

const chdir: Handler = (log, task, line, at) => {
  const found = alone(log, task, line, at);
  if (found === undefined) return;
  const { base, name } = found;
  log.touch(task, base, name, opened);
  if (name.startsWith("/")) log.went(task, task.where.root + name);
  else if (base !== undefined) log.went(task, base === "/" ? base + name : `${base}/${name}`);
};

const fchdir: Handler = (log, task, line, at) => {
  const directory = shown(line, at);
  if (directory !== undefined) log.went(task, directory.path);
};

const chroot: Handler = (log, task, line, at) => {
  const found = alone(log, task, line, at);
  if (found === undefined) return;
  const { base, name } = found;
  log.touch(task, base, name, opened);
  if (!name.startsWith("/") && base === undefined) return;
  const { where } = task;
  const root = log.realOf(name.startsWith("/") ? where.root + name : `${base}/${name}`);
  where.root = root === "/" ? "" : root;
  if (root !== "/") log.notes.add("chroot");
};

const bind: Handler = (log, task, line, at) => {
  const path = line.indexOf('sun_path="', at);
  const found = path < 0 ? undefined : alone(log, task, line, path + "sun_path=".length);
  if (found !== undefined) log.touch(task, found.base, found.name, made);
};

/** A file that was opened by its handle has its name in the result only. */
const openByHandle: Handler = (log, _task, line, at) => {
  const real = result(line, at);
  if (real !== undefined) log.add(real, openTouch(line, line.lastIndexOf("}, ") + 1));
};

/** The name stands behind a descriptor that is no directory. */
const watching: Handler = (log, task, line, at) => {
  const found = alone(log, task, line, (shown(line, at)?.end ?? line.indexOf(",", at)) + 2);
  if (found !== undefined) log.touch(task, found.base, found.name, opened);
};

const { executed, looked, made, opened, removed, self } = Touch;
const changed = looked | Touch.written;
const created = opened | Touch.maybeMade | Touch.written;

/** Calls with one name and nothing else to read. */
const SIMPLE: readonly (readonly [NameReader, TouchOf | number, string])[] = [
  [alone, statTouch, "stat stat64 lstat lstat64 oldstat oldlstat"],
  [behindDescriptor, statTouch, "newfstatat fstatat64 statx"],
  [alone, looked, "access statfs statfs64"],
  [behindDescriptor, looked, "faccessat faccessat2 name_to_handle_at"],
  [alone, self, "readlink"],
  [behindDescriptor, self, "readlinkat"],
  [alone, changed, "chmod chown chown32 lchown lchown32 truncate truncate64 utime utimes"],
  [behindDescriptor, changed, "fchmodat fchmodat2 fchownat futimesat utimensat utimensat_time64"],
  [alone, made, "mkdir mknod"],
  [behindDescriptor, made, "mkdirat mknodat"],
  [alone, removed, "unlink rmdir"],
  [behindDescriptor, removed, "unlinkat"],
];

export const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ...SIMPLE.flatMap(([read, touchOf, names]) =>
    names.split(" ").map((name): [string, Handler] => [name, naming(read, touchOf)]),
  ),
  ["open", opening(alone, openTouch)],
  ["creat", opening(alone, () => created)],
  ["openat", opening(behindDescriptor, openTouch)],
  ["openat2", opening(behindDescriptor, openTouch)],
  ["open_by_handle_at", openByHandle],
  ["execve", executing],
  ["execveat", executingAt],
  ["inotify_add_watch", watching],
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
  ["unshare", unshare],
  ["setns", setns],
  ["mount", mounting],
  ["move_mount", mounting],
  ["pivot_root", mounting],
  ["fork", fork],
  ["vfork", fork],
  ["clone", fork],
  ["clone3", fork],
]);
