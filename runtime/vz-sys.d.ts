/**
 * `vz:sys`: the system calls and engine services that the base binary offers beside its Node-compatible modules.
 *
 * Rules that hold for every function here:
 * - A failed system call throws an `Error` shaped as Node shapes it: `code` ("ENOENT"), `errno` (negative), `syscall`
 *   ("open") and, where there is one, `path` (and `dest`). `message` is `CODE: text, syscall 'path'`.
 * - EINTR is retried inside. Every descriptor is made close-on-exec. SIGPIPE is ignored (a broken pipe is EPIPE) and set
 *   back to its default, with an empty signal mask, in every program that is started or executed.
 * - A string that names a file, an argument or a variable is "surrogateescape": a byte that is not UTF-8 stands as the
 *   lone surrogate U+DC80 + (byte - 0x80), and goes back as that byte. So no name is ever lost. A NUL inside throws.
 * - Sizes and offsets are exact up to 2^53; above that the call throws EOVERFLOW. Times are seconds with fraction.
 */
declare module "vz:sys" {
  type Path = string | Uint8Array;
  type UncaughtHandler = (error: unknown, kind: "exception" | "rejection") => void;

  /** Engine name and version, as in "QuickJS 2025-04-26". */
  export const engine: string;
  /** The architecture that this executable is for, in the words of Node's process.arch. */
  export const arch: "ia32" | "x64" | "arm64";
  /** What this executable is for. A slave's lacks Deflate and ZstdCompress. */
  export const part: "operator" | "slave";
  /** Arguments, argv[0] included, and the environment as "NAME=value" lines in their order. */
  export const argv: readonly string[];
  export const environ: readonly string[];

  // --- engine ------------------------------------------------------------------------------------------------------
  /** Bytes of a file that was packed into the executable under `name` ("ansible/deploy.yml"), or null. */
  export function asset(name: string): Uint8Array | null;
  /** Names of all packed files, sorted. */
  export function assets(): string[];
  /** Path of this executable (/proc/self/exe as read at the start). */
  export function executable(): string;
  /** import() of a bundle ("vz:NAME"): what the build puts in its place, since bytecode without lines knows no file. */
  export function importBundle(name: string): Promise<object>;
  /** What a bundle exports, at once. Reads it each time. */
  export function readBundle(name: string): object;
  /** What `import defer` of a bundle becomes: stands for what it exports, and reads it when something of that is first asked for. */
  export function deferBundle(name: string): object;
  /** Adds `fn` to the queue that is emptied before promise jobs, after every callback: process.nextTick. */
  export function nextTick(fn: () => void): void;
  /**
   * `fn` is called with an error that nobody caught, in the main module, a callback or a promise, and must not return.
   * Gives what was to be called before.
   */
  export function onUncaught(fn: UncaughtHandler): UncaughtHandler | undefined;
  /**
   * `fn` is called once when the event loop has run dry and before the process ends by itself; may add new work. Gives what
   * was to be called before.
   */
  export function onIdle(fn: () => void): (() => void) | undefined;
  export function utf8Encode(text: string): Uint8Array;
  /** Malformed sequences become U+FFFD as WHATWG's decoder has it; no byte order mark is dropped. */
  export function utf8Decode(bytes: Uint8Array, start?: number, end?: number): string;
  /** As utf8Encode/utf8Decode, but lossless for any bytes (surrogateescape). */
  export function fsEncode(text: string): Uint8Array;
  export function fsDecode(bytes: Uint8Array, start?: number, end?: number): string;
  /** The low byte of each UTF-16 unit, as Node's "latin1" has it. */
  export function latin1Encode(text: string): Uint8Array;
  export function latin1Decode(bytes: Uint8Array, start?: number, end?: number): string;

  // --- event loop --------------------------------------------------------------------------------------------------
  /** Runs `fn` after `ms` milliseconds, again every `ms` if `repeat`. A pending timer keeps the process alive. */
  export function setTimer(fn: () => void, ms: number, repeat: boolean): number;
  export function clearTimer(id: number): void;
  /** Whether timer `id` keeps the process alive. */
  export function refTimer(id: number, ref: boolean): void;
  /** Calls `fn` whenever `fd` is ready. One reader and one writer a descriptor; a watched one keeps the process alive. */
  export function watch(fd: number, events: "r" | "w", fn: () => void): void;
  export function unwatch(fd: number, events: "r" | "w"): void;
  /** What to do on a signal: run `fn` in the loop (does not keep the process alive), ignore it, or the default. */
  export function onSignal(signal: number, action: (() => void) | "ignore" | "default"): void;
  /** Calls `fn` once child `pid` has ended; keeps the process alive until then. `code` is -1 if a signal ended it. */
  export function onChild(pid: number, fn: (code: number, signal: number) => void): void;
  /** Monotonic clock in milliseconds, with fraction. */
  export function now(): number;

  // --- files -------------------------------------------------------------------------------------------------------
  export interface Stat {
    dev: number | bigint;
    /** BigInt where the number is above 2^53. */
    ino: number | bigint;
    mode: number;
    nlink: number;
    uid: number;
    gid: number;
    rdev: number;
    size: number | bigint;
    blksize: number;
    blocks: number;
    atime: number;
    mtime: number;
    ctime: number;
    /** Nanosecond parts of the three times. */
    atimeNs: number;
    mtimeNs: number;
    ctimeNs: number;
  }
  export function open(path: Path, flags: number, mode?: number): number;
  export function openat(dirfd: number, path: Path, flags: number, mode?: number): number;
  export function close(fd: number): void;
  /** Bytes read into `buffer` at `offset`; 0 at the end. `position` null or absent: from where the descriptor stands. */
  export function read(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position?: number | null,
  ): number;
  export function write(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position?: number | null,
  ): number;
  /** Writes all of `text` (UTF-8) or of the bytes, waiting where the descriptor would block. */
  export function writeAll(fd: number, data: string | Uint8Array): void;
  /** Copies up to `length` bytes (all, if -1) from one descriptor to another in C; gives the number copied. */
  export function copy(fromFd: number, toFd: number, length: number): number;
  export function seek(fd: number, offset: number, whence: number): number;
  export function stat(path: Path): Stat;
  export function lstat(path: Path): Stat;
  export function fstat(fd: number): Stat;
  /** Entries but "." and "..", unsorted. `type` is the S_IFMT value of mode, 0 where the filesystem does not tell. */
  export function readdir(path: Path): { name: string; type: number }[];
  export function readlink(path: Path): string;
  export function symlink(target: Path, path: Path): void;
  export function link(from: Path, to: Path): void;
  export function rename(from: Path, to: Path): void;
  /** Two names of one filesystem change places at once. ENOSYS before Linux 3.15, EINVAL on a filesystem that cannot. */
  export function exchange(one: Path, other: Path): void;
  export function unlink(path: Path): void;
  export function rmdir(path: Path): void;
  export function mkdir(path: Path, mode?: number): void;
  export function mknod(path: Path, mode: number, major: number, minor: number): void;
  export function access(path: Path, mode: number): void;
  export function chmod(path: Path, mode: number): void;
  export function fchmod(fd: number, mode: number): void;
  export function chown(path: Path, uid: number, gid: number): void;
  export function lchown(path: Path, uid: number, gid: number): void;
  export function fchown(fd: number, uid: number, gid: number): void;
  export function utimes(path: Path, atime: number, mtime: number, followLinks: boolean): void;
  /** st_mode of the name itself (lstat(2)); 0 where nothing is there, or nothing can be seen. */
  export function mode(path: Path): number;
  /** The same of many names, each a byte string (one character a byte); 0 for whatever cannot be seen. */
  export function modes(paths: readonly string[]): number[];
  /** When the file itself was made, in seconds since the epoch; 0 where the file system or the kernel does not tell. */
  export function birthTime(path: Path): number;
  /** Value of an extended attribute, or null where the file has none of this name. */
  export function getxattr(path: Path, name: string): Uint8Array | null;
  export function truncate(path: Path, length: number): void;
  export function ftruncate(fd: number, length: number): void;
  export function fsync(fd: number): void;
  export function realpath(path: Path): string;
  export function statfs(path: Path): {
    type: number;
    bsize: number;
    blocks: number;
    bfree: number;
    bavail: number;
    files: number;
    ffree: number;
    /** ST_* of statvfs(3); 0 before Linux 2.6.36. */
    flags: number;
  };
  /** flock(2); with LOCK_NB a held lock throws EWOULDBLOCK ("EAGAIN"). */
  export function flock(fd: number, operation: number): void;
  export function sync(): void;
  /** @param size bytes that it should hold, if the system lets it */
  export function pipe(size?: number): [readEnd: number, writeEnd: number];
  export function dup(fd: number): number;
  /** dup2 that leaves `to` open across execve. */
  export function dup2(from: number, to: number): void;
  export function setCloexec(fd: number, on: boolean): void;
  export function setNonblock(fd: number, on: boolean): void;
  /** Closes every descriptor from `first` on that is not in `keep`, nor the executable's own, which execve(2) closes. */
  export function closeFrom(first: number, keep?: readonly number[]): void;
  export function isatty(fd: number): boolean;
  export function windowSize(fd: number): { columns: number; rows: number } | null;
  /** A new pseudo-terminal: the master's descriptor and the slave's name. */
  export function openpty(): { master: number; name: string };
  /** TIOCSCTTY: makes `fd` the controlling terminal. */
  export function setControllingTty(fd: number): void;
  /** Starts a TCP connection to an IPv4 or IPv6 literal; the descriptor does not block: watch "w", then socketError. */
  export function tcpConnect(address: string, port: number): number;
  /** SO_ERROR of a socket as a code ("ECONNREFUSED"), or null. */
  export function socketError(fd: number): string | null;
  /** poll(2): pairs of descriptor and POLL* events; gives the revents in the same order. -1 waits for ever. */
  export function poll(fds: readonly (readonly [fd: number, events: number])[], ms: number): number[];

  // --- processes ---------------------------------------------------------------------------------------------------
  export interface SpawnOptions {
    /** "NAME=value" lines. */
    env: readonly string[];
    cwd?: string;
    /** Descriptor that becomes 0, 1, 2 … in the child; -1 for /dev/null. */
    stdio: readonly number[];
    detached?: boolean;
    uid?: number;
    gid?: number;
    groups?: readonly number[];
  }
  /** Starts a program (looked up in PATH of `env` when it has no slash); a failed step in the child throws here. */
  export function spawn(file: Path, argv: readonly Path[], options: SpawnOptions): number;
  /** waitpid(2); null with WNOHANG when there is none yet. `code` is -1 if a signal ended it. */
  export function waitpid(
    pid: number,
    options?: number,
  ): { pid: number; code: number; signal: number } | null;
  /** fork(2): 0 in the child. The child should end by execve or exit. */
  export function fork(): number;
  /** As fork, with CLONE_NEW* flags for the child's namespaces. */
  export function clone(flags: number): number;
  /** execve(2) of exactly `path`. Throws ENOENT, EACCES, ENOEXEC … */
  export function execve(path: Path, argv: readonly Path[], env: readonly Path[]): never;
  /** _exit(2). */
  export function exit(status: number): never;
  export function kill(pid: number, signal: number): void;
  export function getpid(): number;
  export function getppid(): number;
  export function getuid(): number;
  export function geteuid(): number;
  export function getgid(): number;
  export function getegid(): number;
  export function getgroups(): number[];
  /** Real, effective and saved id at once. Raises if any of the three could not be set. */
  export function setuid(uid: number): void;
  export function setgid(gid: number): void;
  export function setgroups(gids: readonly number[]): void;
  export function setsid(): number;
  export function setpgid(pid: number, pgid: number): void;
  export function umask(mask: number): number;
  export function getcwd(): string;
  export function chdir(path: Path): void;
  export function fchdir(fd: number): void;
  /** Limits by RLIMIT_* number; Infinity for RLIM_INFINITY. Exact to 2^53. */
  export function getrlimit(resource: number): { soft: number; hard: number };
  export function setrlimit(resource: number, soft: number, hard: number): void;
  export function uname(): {
    sysname: string;
    nodename: string;
    release: string;
    version: string;
    machine: string;
  };
  /** Bytes of a page of memory, as the kernel counts them: not the same on all kernels of arm64. */
  export function pageSize(): number;
  export function sethostname(name: string): void;

  // --- namespaces, mounts, privileges --------------------------------------------------------------------------------
  export function unshare(flags: number): void;
  export function setns(fd: number, type: number): void;
  export function mount(
    source: Path | null,
    target: Path,
    fstype: string | null,
    flags: number,
    data: string | null,
  ): void;
  export function umount(target: Path, flags?: number): void;
  export function pivotRoot(newRoot: Path, putOld: Path): void;
  export function chroot(path: Path): void;
  export function personality(persona: number): number;
  export function prctl(option: number, a?: number, b?: number, c?: number, d?: number): number;
  /** Capability sets as bit masks. */
  export function capget(): { effective: bigint; permitted: bigint; inheritable: bigint };
  export function capset(effective: bigint, permitted: bigint, inheritable: bigint): void;
  /**
   * Loads a classic BPF program (array of struct sock_filter, 8 bytes each) by seccomp(2) with SECCOMP_FILTER_FLAG_* bits, or
   * without any by prctl(2) before 3.17. Gives what the kernel gives: 0, or with NEW_LISTENER the listener's descriptor, which
   * is close-on-exec. A program of null always fails: EFAULT where the kernel has filters and knows the flags, EINVAL or
   * ENOSYS where not.
   */
  export function seccomp(program: Uint8Array | null, flags?: number): number;
  /** SECCOMP_GET_ACTION_AVAIL: whether filters may return this action (SECCOMP_RET_*); null before 4.14, which does not tell. */
  export function seccompHasAction(action: number): boolean | null;
  /** Loads an eBPF program of the type BPF_PROG_TYPE_CGROUP_DEVICE (struct bpf_insn, 8 bytes each); its descriptor. */
  export function bpfLoadDeviceProgram(insns: Uint8Array): number;
  /** Attaches that program to the cgroup (version 2) of the directory's descriptor, beside any that are there. */
  export function bpfAttachDevice(program: number, cgroup: number): void;

  // --- containers --------------------------------------------------------------------------------------------------
  /** openat2(2), Linux 5.6; `resolve` is RESOLVE_* of <linux/openat2.h>. */
  export function openat2(dirfd: number, path: Path, flags: number, resolve: number): number;
  /** mount_setattr(2), Linux 5.12: MOUNT_ATTR_* to set and to clear, MS_* of propagation, -1 or a user namespace. */
  export function mountSetattr(
    dirfd: number,
    path: Path,
    flags: number,
    set: number,
    clear: number,
    propagation: number,
    userns: number,
  ): void;
  /** open_tree(2), Linux 5.2. */
  export function openTree(dirfd: number, path: Path, flags: number): number;
  /** move_mount(2), Linux 5.2: the mount that `fd` is onto what `target` is. */
  export function moveMount(fd: number, target: number): void;
  export function setdomainname(name: string): void;
  /** sched_setattr(2), Linux 3.14, for this process; times in nanoseconds. */
  export function schedSetattr(
    policy: number,
    flags: number,
    nice: number,
    priority: number,
    runtime: number,
    deadline: number,
    period: number,
  ): void;
  export function schedSetscheduler(policy: number, priority: number): void;
  export function setNice(nice: number): void;
  /** ioprio_set(2) for this process: class << 13 | level. */
  export function ioprioSet(priority: number): void;
  /** CPUs by number. */
  export function schedSetaffinity(cpus: readonly number[]): void;
  /** keyctl(2) KEYCTL_JOIN_SESSION_KEYRING. */
  export function joinKeyring(name: string): void;
  /** Sets IFF_UP on a network interface of this process's namespace. */
  export function bringUp(networkInterface: string): void;
  export function setWindowSize(fd: number, columns: number, rows: number): void;
  /** Opens a ptmx device: the master's descriptor, and the number of the slave below its devpts. */
  export function openTerminal(ptmx: Path): { master: number; number: number };
  export function unixConnect(path: Path): number;
  export function socketpair(): [number, number];
  /** Sends bytes (at least one) and up to eight descriptors over a Unix socket (SCM_RIGHTS). */
  export function sendFds(socket: number, fds: readonly number[], bytes: Uint8Array): void;
  /** Receives one descriptor, close-on-exec; -1 where none came. */
  export function receiveFd(socket: number): number;
  /** Blocks all signals: those that come stay pending. What is executed afterwards by `execve` gets an empty mask. */
  export function blockSignals(): void;
  /** Does ahead, while there is time, what becomeWaiter can do ahead. */
  export function prepareWaiter(): void;
  /**
   * Becomes the waiter of runtime/native/waiter.c for child `pid` and its terminal's master (-1 for none); `rest` says what to
   * do afterwards. Signals stay blocked.
   */
  export function becomeWaiter(pid: number, master: number, rest: readonly Path[]): never;

  // --- bytes ---------------------------------------------------------------------------------------------------------
  export class Sha256 {
    update(bytes: Uint8Array): void;
    /** The 32 bytes; the object is spent after it. */
    digest(): Uint8Array;
  }
  /** A zlib stream. format "gzip", "zlib" or "raw"; level 0-9, or -1 for the default. */
  export class Deflate {
    constructor(format: "gzip" | "zlib" | "raw", level: number);
    /** Compresses; with `finish` also ends the stream. Gives what came out, maybe nothing. */
    push(bytes: Uint8Array, finish: boolean): Uint8Array;
  }
  /**
   * Reads gzip (many members too, and zeros behind them), zlib, either of them by its header ("auto"), or raw. What follows
   * the end of zlib or raw is let be. Throws code Z_DATA_ERROR on bad data.
   */
  export class Inflate {
    constructor(format: "gzip" | "zlib" | "auto" | "raw");
    push(bytes: Uint8Array): Uint8Array;
    /** Throws Z_BUF_ERROR when the stream has not ended properly. */
    finish(): void;
  }
  /** One frame of zstd. After each push, pull until it gives null. Levels 1 to 7; the window has 2 ** windowLog bytes at most. */
  export class ZstdCompress {
    constructor(level: number, windowLog: number, checksum: boolean);
    push(bytes: Uint8Array, finish: boolean): void;
    /** Up to 64 KB. */
    pull(): Uint8Array | null;
  }
  /** Frames of zstd, one behind the other, skippable ones too; one whose window has more than 2 ** windowLogMax bytes is refused. */
  export class ZstdDecompress {
    constructor(windowLogMax: number);
    push(bytes: Uint8Array): void;
    /** Up to 64 KB, or null when more input is needed. Throws code ZSTD_error_… on bad data. */
    pull(): Uint8Array | null;
    /** Throws Z_BUF_ERROR when the last frame is not whole. */
    finish(): void;
  }
}
