/** The way from a fresh process in fresh namespaces to a VPS's init: everything that happens before execve of /sbin/init. */
import { existsSync } from "node:fs";
import { constants as osConstants } from "node:os";
import * as sys from "vz:sys";
import { reason } from "../../common/errors.ts";
import type { NamespaceGroup } from "../host/groups.ts";
import { type VpsPaths, vpsPaths } from "../host/state.ts";
import { TOOL_PATH } from "../host/tool.ts";
import { keepsCapability } from "./capabilities.ts";
import { overlayOptions } from "./mount-plan.ts";
import { seccompProgram } from "./seccomp.ts";

/** What Linux itself gives init (init/main.c). */
const INIT_ENVIRONMENT = ["HOME=/", "TERM=linux"];
/** personality(2): uname -m reads i686. */
const PER_LINUX32 = 8;
/** Soft and hard limit of descriptors that Linux gives init. */
const DESCRIPTORS = [1024, 4096] as const;

/** [name, major, minor] of character devices that every VPS has. */
const DEVICES = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["full", 1, 7],
  ["random", 1, 8],
  ["urandom", 1, 9],
  ["tty", 5, 0],
] as const;

/**
 * Becomes the init of VPS `i` of a lab. Called in the child of clone(2); waits for a byte from `go`, which the runner sends once the
 * network is there. Only system calls are made here: the event loop is the runner's.
 * @param console name of the pseudo-terminal that is its console
 */
export function becomeInit(
  lab: string,
  group: NamespaceGroup,
  i: number,
  console: string,
  go: number,
): never {
  try {
    sys.prctl(sys.constants.PR_SET_PDEATHSIG, osConstants.signals.SIGKILL);
    // The runner may have died before the line above: then its end of the pipe is closed.
    if (sys.read(go, new Uint8Array(1), 0, 1) !== 1) sys.exit(1);
    const paths = vpsPaths(lab, i);
    sys.setsid();
    sys.umask(0o022);
    const terminal = sys.open(console, sys.constants.O_RDWR | sys.constants.O_NOCTTY);
    bringLinksUp(paths);
    mountRoot(group, paths, console);
    sys.sethostname(`vps${i}`);
    if (group.arch === "i386") sys.personality(PER_LINUX32);
    sys.setrlimit(sys.constants.RLIMIT_NOFILE, ...DESCRIPTORS);
    for (const fd of [0, 1, 2]) sys.dup2(terminal, fd);
    sys.closeFrom(3);
    dropPrivileges(group);
    sys.execve("/sbin/init", ["init"], INIT_ENVIRONMENT);
  } catch (error) {
    sys.writeAll(2, `vps${i}: cannot boot: ${error instanceof Error ? error.message : reason(error)}\n`);
    return sys.exit(1);
  }
}

function bringLinksUp(paths: VpsPaths): void {
  const pid = sys.spawn("ip", ["ip", "-batch", paths.batch], {
    env: [`PATH=${TOOL_PATH}`],
    stdio: [-1, 1, 2],
  });
  const end = sys.waitpid(pid);
  if (end?.code !== 0) throw new Error(`ip -batch ${paths.batch}: ended with ${end?.code}`);
}

function mountRoot(group: NamespaceGroup, paths: VpsPaths, console: string): void {
  const { MS_NOSUID, MS_NODEV, MS_NOEXEC } = {
    MS_NOSUID: sys.constants.MS_NOSUID,
    MS_NODEV: sys.constants.MS_NODEV,
    MS_NOEXEC: sys.constants.MS_NOEXEC,
  };
  const plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  const root = paths.mount;
  sys.mount(null, "/", null, sys.constants.MS_REC | sys.constants.MS_PRIVATE, null);
  const layers = overlayOptions(group.base, paths.upper, `${paths.disk}/work`);
  sys.mount("overlay", root, "overlay", 0, layers);
  sys.mount("proc", `${root}/proc`, "proc", plain, null);
  sys.mount("sysfs", `${root}/sys`, "sysfs", plain | sys.constants.MS_RDONLY, null);
  sys.mount("tmpfs", `${root}/run`, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
  makeDevices(root, console);
  if (group.memoryLimited) bind(paths.meminfo, `${root}/proc/meminfo`);
  // Root in a VPS is root of this machine, and could change its kernel through these.
  for (const name of ["sys", "sysrq-trigger"]) {
    if (existsSync(`${root}/proc/${name}`)) bindReadOnly(`${root}/proc/${name}`);
  }
  sys.chdir(root);
  sys.pivotRoot(".", ".");
  sys.umount(".", sys.constants.MNT_DETACH);
  sys.chdir("/");
}

function makeDevices(root: string, console: string): void {
  const dev = `${root}/dev`;
  sys.mount("tmpfs", dev, "tmpfs", sys.constants.MS_NOSUID, "mode=755");
  for (const [name, major, minor] of DEVICES) {
    sys.mknod(`${dev}/${name}`, sys.constants.S_IFCHR | 0o666, major, minor);
    sys.chmod(`${dev}/${name}`, 0o666);
  }
  sys.mkdir(`${dev}/pts`, 0o755);
  sys.mount(
    "devpts",
    `${dev}/pts`,
    "devpts",
    sys.constants.MS_NOSUID,
    "newinstance,ptmxmode=0666,mode=0620,gid=5",
  );
  sys.symlink("pts/ptmx", `${dev}/ptmx`);
  sys.symlink("/proc/self/fd", `${dev}/fd`);
  ["stdin", "stdout", "stderr"].forEach((name, fd) => {
    sys.symlink(`/proc/self/fd/${fd}`, `${dev}/${name}`);
  });
  sys.mkdir(`${dev}/shm`);
  sys.chmod(`${dev}/shm`, 0o1777);
  sys.close(sys.open(`${dev}/console`, sys.constants.O_CREAT | sys.constants.O_WRONLY, 0o600));
  bind(console, `${dev}/console`);
}

function bind(from: string, to: string): void {
  sys.mount(from, to, null, sys.constants.MS_BIND, null);
}

function bindReadOnly(path: string): void {
  bind(path, path);
  sys.mount(
    null,
    path,
    null,
    sys.constants.MS_BIND | sys.constants.MS_REMOUNT | sys.constants.MS_RDONLY,
    null,
  );
}

/** Loads the filter last. That needs no no_new_privs: CAP_SYS_ADMIN stays effective until execve. */
function dropPrivileges(group: NamespaceGroup): void {
  for (let cap = 0; cap < 64; cap++) {
    if (!keepsCapability(cap, group.limits.openvz) && exists(cap))
      sys.prctl(sys.constants.PR_CAPBSET_DROP, cap);
  }
  const program = seccompProgram(group.limits);
  if (program !== null) sys.seccomp(program);
}

/** Whether this kernel knows the capability. */
function exists(cap: number): boolean {
  try {
    return sys.prctl(sys.constants.PR_CAPBSET_READ, cap) === 1;
  } catch {
    return false;
  }
}
