/**
 * What the kernel grants a process with our rights, found by doing it in a child that ends with it: what a kernel says of
 * itself can be set by a personality, and what its release promises may be refused by a host. System calls alone, since
 * `runch features` reads this too.
 */
import * as sys from "vz:sys";
import { reason } from "../../common/errors.ts";
import { readAll } from "../system/files.ts";
import { MS, NAMESPACES, S_IFCHR } from "../system/linux.ts";

/** Why something is not granted, in words; null where it is. */
export type Refusal = string | null;

/** Does `work` in a child process, which then ends. @returns why it failed, or null */
export function tryInChild(work: () => void): Refusal {
  const [readEnd, writeEnd] = sys.pipe();
  const child = sys.fork();
  if (child === 0) {
    try {
      work();
    } catch (error) {
      sys.writeAll(writeEnd, reason(error) || "failed");
    }
    sys.exit(0);
  }
  sys.close(writeEnd);
  try {
    const why = readAll(readEnd);
    const end = sys.waitpid(child);
    if (end?.code === 0) return why === "" ? null : why;
    return why || `the child ended by signal ${end?.signal}`;
  } finally {
    sys.close(readEnd);
  }
}

/** A child in a pid namespace of its own: its first process has to be 1. */
function newPidNamespace(): void {
  // not unshare(2), which takes this flag since Linux 3.8 only
  const child = sys.clone(NAMESPACES.pid);
  if (child === 0) sys.exit(sys.getpid() === 1 ? 0 : 1);
  if (sys.waitpid(child)?.code !== 0) throw new Error("its first process is not 1");
}

/** A user namespace is of use only with a map of ids. */
function newUserNamespace(): void {
  const uid = sys.geteuid();
  sys.unshare(NAMESPACES.user);
  const fd = sys.open("/proc/self/uid_map", sys.constants.O_WRONLY);
  sys.writeAll(fd, `0 ${uid} 1`);
}

/** Refusals by type of namespace, all that `linux.namespaces` can ask for. */
export function tryNamespaces(): Readonly<Record<string, Refusal>> {
  return Object.fromEntries(
    Object.entries(NAMESPACES).map(([type, flag]) => [
      type,
      tryInChild(() => {
        if (type === "pid") newPidNamespace();
        else if (type === "user") newUserNamespace();
        // not clone(2), which takes bits that it does not know for others: on Linux 2.6.32 the one of cgroup stops the child
        else sys.unshare(flag);
      }),
    ]),
  );
}

const MOUNTS: Readonly<Record<string, (target: string) => void>> = {
  bind: (target) => sys.mount(target, target, null, MS.BIND, null),
  tmpfs: (target) => sys.mount("tmpfs", target, "tmpfs", MS.NOSUID, "size=64k"),
  proc: (target) => sys.mount("proc", target, "proc", MS.NOSUID | MS.NOEXEC | MS.NODEV, null),
};

function ownMounts(): void {
  sys.unshare(NAMESPACES.mount);
  sys.mount("none", "/", null, MS.REC | MS.PRIVATE, null);
}

/**
 * Refusals by kind of mount, tried in a mount namespace of the child's own; where there is none to be had, on `scratch` in the
 * machine's table, and undone at once.
 * @param scratch an empty directory, or null to try nothing in the machine's table
 */
export function tryMounts(scratch: string | null): Readonly<Record<string, Refusal>> {
  const shared = scratch !== null && tryInChild(ownMounts) !== null;
  return Object.fromEntries(
    Object.entries(MOUNTS).map(([kind, mount]) => [
      kind,
      tryInChild(() => {
        if (!shared) ownMounts();
        const target = shared ? scratch : "/proc";
        mount(target);
        if (shared) sys.umount(target);
      }),
    ]),
  );
}

/** linux/fcntl.h */
const AT_RECURSIVE = 0x8000;

/** `ret ALLOW`: the smallest filter (linux/filter.h, linux/seccomp.h). */
const ALLOW_ALL = new Uint8Array([6, 0, 0, 0, 0, 0, 0xff, 0x7f]);

const CALLS: Readonly<Record<string, () => void>> = {
  chroot: () => sys.chroot("/"),
  pivot_root() {
    ownMounts();
    sys.mount("/proc", "/proc", null, MS.BIND, null);
    sys.chdir("/proc");
    sys.pivotRoot(".", ".");
    sys.umount(".", sys.constants.MNT_DETACH);
  },
  no_new_privs: () => void sys.prctl(sys.constants.PR_SET_NO_NEW_PRIVS, 1),
  seccomp() {
    try {
      sys.prctl(sys.constants.PR_SET_NO_NEW_PRIVS, 1);
    } catch {
      // root may load a filter without it
    }
    sys.seccomp(ALLOW_ALL);
  },
  openat2: () => void sys.openat2(sys.constants.AT_FDCWD, "/", sys.constants.O_RDONLY, 0),
  mount_setattr() {
    ownMounts();
    // recursively read-only: MOUNT_ATTR_RDONLY is 1 (linux/mount.h)
    sys.mountSetattr(sys.constants.AT_FDCWD, "/proc", AT_RECURSIVE, 1, 0, 0, -1);
  },
  ambient: () => void sys.prctl(sys.constants.PR_CAP_AMBIENT, sys.constants.PR_CAP_AMBIENT_CLEAR_ALL),
};

/** Refusals by name of the call or the right: chroot, pivot_root, no_new_privs and so on. */
export function tryCalls(): Readonly<Record<string, Refusal>> {
  return Object.fromEntries(Object.entries(CALLS).map(([name, work]) => [name, tryInChild(work)]));
}

/** Whether a device node can be made in `directory`, and opened there. */
export function tryDeviceNode(directory: string): Refusal {
  const path = `${directory}/null`;
  return tryInChild(() => {
    sys.mknod(path, S_IFCHR + 0o600, 1, 3);
    try {
      sys.open(path, sys.constants.O_RDONLY);
    } finally {
      sys.unlink(path);
    }
  });
}
