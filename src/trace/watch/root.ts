/**
 * A run inside another root filesystem: under chroot(1), which strace follows from outside, so that the root needs no
 * strace. What the run needs mounted is mounted in a mount namespace of this process, and gone when it ends.
 */
import { chmodSync, existsSync, lstatSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import * as sys from "vz:sys";
import { fromFs } from "../../common/byte-strings.ts";
import { hasCode, reason, Status, VzError } from "../../common/errors.ts";
import { allTouches, ROOT_END } from "./touch.ts";

/** Where chroot(1) may lie; a user's PATH need not name the directory. */
const CHROOT = ["/usr/sbin/chroot", "/usr/bin/chroot", "/sbin/chroot", "/bin/chroot"];
const DEVICES = [
  ["full", 1, 7],
  ["null", 1, 3],
  ["random", 1, 8],
  ["tty", 5, 0],
  ["urandom", 1, 9],
  ["zero", 1, 5],
] as const;
const DEVICE_LINKS = [
  ["fd", "/proc/self/fd"],
  ["ptmx", "pts/ptmx"],
  ["stderr", "/proc/self/fd/2"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
] as const;

/**
 * The root's real name, "" for this system's own.
 * @throws VzError 64 for what is no directory
 */
export function rootDirectory(directory: string): string {
  try {
    const real = realpathSync(directory);
    if (!lstatSync(real).isDirectory()) throw new VzError(Status.usage, `${directory}: is no directory`);
    return real === "/" ? "" : real;
  } catch (cause) {
    if (cause instanceof VzError) throw cause;
    throw new VzError(Status.usage, `${directory}: ${reason(cause)}`, { cause });
  }
}

/**
 * Mounts what programs expect and the root has not mounted.
 * @param root real name
 * @throws VzError 77 unless root runs this, 125 where it cannot be done
 */
export function prepareRoot(root: string): void {
  if (process.getuid?.() !== 0)
    throw new VzError(Status.refused, "--root: needs root, for chroot(2) and mounts", {
      hint: "sudo vz trace --root …",
    });
  const { CLONE_NEWNS, MS_REC, MS_PRIVATE } = sys.constants;
  try {
    sys.unshare(CLONE_NEWNS);
    sys.mount(null, "/", null, MS_REC | MS_PRIVATE, null);
    if (needsMount(root, "proc")) mountKernel("proc", `${root}/proc`, null);
    if (needsMount(root, "dev")) mountDevices(`${root}/dev`);
  } catch (cause) {
    throw new VzError(Status.runnerFailed, `${root}: /proc and /dev cannot be mounted: ${reason(cause)}`, {
      cause,
    });
  }
}

/** Whether a directory of the root is there (and no link, which could lead out) and nothing is mounted on it. */
function needsMount(root: string, name: string): boolean {
  try {
    const stat = lstatSync(`${root}/${name}`);
    return stat.isDirectory() && stat.dev === lstatSync(root).dev;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function mountKernel(type: string, target: string, data: string | null): void {
  const { MS_NOSUID, MS_NOEXEC } = sys.constants;
  sys.mount(type, target, type, MS_NOSUID | MS_NOEXEC, data);
}

/** Devices of its own, so that the run leaves nothing in this system's. */
function mountDevices(dev: string): void {
  mountKernel("tmpfs", dev, "mode=755,size=64m");
  const { S_IFCHR } = sys.constants;
  for (const [name, major, minor] of DEVICES) {
    sys.mknod(`${dev}/${name}`, S_IFCHR | 0o666, major, minor);
    chmodSync(`${dev}/${name}`, 0o666);
  }
  for (const [name, target] of DEVICE_LINKS) symlinkSync(target, `${dev}/${name}`);
  mkdirSync(`${dev}/pts`);
  mkdirSync(`${dev}/shm`);
  chmodSync(`${dev}/shm`, 0o1777);
  mountKernel("devpts", `${dev}/pts`, "newinstance,ptmxmode=0666,mode=620");
}

/** The command as it is run from outside of the root. */
export function commandInRoot(root: string, command: readonly string[]): string[] {
  const chroot = CHROOT.find((file) => existsSync(file));
  if (chroot === undefined) throw new VzError(Status.runnerFailed, "chroot: not installed");
  return [chroot, root, ...command];
}

/** What was touched below the root, by names as from inside of it, and nothing else: chroot(1) has files too. */
export function insideRoot(touched: ReadonlyMap<string, number>, root: string): ReadonlyMap<string, number> {
  if (root === "") return touched;
  const inside = new Map<string, number>();
  for (const [name, value] of touched) {
    const own = nameInside(name, root);
    if (own === undefined || own === "/") continue;
    // The log may know it by both of its names.
    const before = inside.get(own);
    inside.set(own, before === undefined ? value : before | allTouches(value));
  }
  return inside;
}

/** A name of the log as from inside of the root; undefined for what lies outside. */
export function nameInside(name: string, root: string): string | undefined {
  if (root === "") return name;
  const prefix = fromFs(root);
  if (name === prefix) return "/";
  // A name behind a chroot(2) into this very root counts from its "/"; behind one further inside it stays marked.
  const start = [prefix + ROOT_END, prefix].find((one) => name.startsWith(`${one}/`));
  return start === undefined ? undefined : name.slice(start.length);
}
