/**
 * The config.json that `runch spec` writes: the content of runc's and crun's, which tools and habits count on, and a profile
 * for kernels that grant neither namespaces nor mounts. Meaning of the fields: runtime-spec, config.md and config-linux.md.
 */
import { Annotation } from "../../../common/contract/annotations.ts";
import { OCI_VERSION } from "../../../common/oci/version.ts";
import type { Isolation } from "../shortfalls.ts";

export interface DefaultConfigOptions {
  /** Whom the user namespace maps to root; undefined where the caller is root and none is wanted. */
  readonly rootless?: { readonly uid: number; readonly gid: number } | undefined;
  /** Kept as an annotation, so that an inittab line need not say it; undefined leaves the choice to the command line. */
  readonly isolation?: Isolation | undefined;
  /** Whether the machine has the unified cgroup hierarchy (v2) alone: only there a cgroup namespace hides anything. */
  readonly unified: boolean;
}

interface Mount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options?: readonly string[];
}

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

const MOUNTS: readonly Mount[] = [
  { destination: "/proc", type: "proc", source: "proc" },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
  {
    destination: "/dev/mqueue",
    type: "mqueue",
    source: "mqueue",
    options: ["nosuid", "noexec", "nodev"],
  },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
  {
    destination: "/sys/fs/cgroup",
    type: "cgroup",
    source: "cgroup",
    options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
  },
];

const MASKED = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/sys/firmware",
  "/proc/scsi",
];
const READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

function namespaces(types: readonly string[]): object[] {
  return types.map((type) => ({ type }));
}

/** A mount as a user namespace of one id can make it: without ids of others, and /sys as the machine's own. */
function rootlessMount(mount: Mount): Mount {
  if (mount.destination === "/sys") {
    // sysfs can be mounted only by who owns the network namespace, which a rootless container shares with the machine
    return { ...mount, type: "none", source: "/sys", options: ["rbind", ...(mount.options ?? [])] };
  }
  if (mount.options === undefined) return mount;
  return { ...mount, options: mount.options.filter((option) => !/^[ug]id=/.test(option)) };
}

function linux({ rootless, unified }: DefaultConfigOptions): object {
  const cgroup = unified ? ["cgroup"] : [];
  const paths = { maskedPaths: MASKED, readonlyPaths: READONLY };
  if (rootless === undefined) {
    return {
      resources: { devices: [{ allow: false, access: "rwm" }] },
      namespaces: namespaces(["pid", "network", "ipc", "uts", "mount", ...cgroup]),
      ...paths,
    };
  }
  return {
    uidMappings: [{ containerID: 0, hostID: rootless.uid, size: 1 }],
    gidMappings: [{ containerID: 0, hostID: rootless.gid, size: 1 }],
    namespaces: namespaces(["pid", "ipc", "uts", "mount", ...cgroup, "user"]),
    ...paths,
  };
}

/** Without ambient: the kernel raises those only where they are inheritable too, which nobody needs by default. */
const SETS = ["bounding", "effective", "permitted"];

function program(terminal: boolean): object {
  return {
    terminal,
    user: { uid: 0, gid: 0 },
    args: ["sh"],
    env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
    cwd: "/",
    capabilities: Object.fromEntries(SETS.map((set) => [set, CAPABILITIES])),
    rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
    noNewPrivileges: true,
  };
}

/** The document as an object; its keys are in the order of the specification's chapters. */
export function defaultConfig(options: DefaultConfigOptions): object {
  const { rootless, isolation } = options;
  const annotations = isolation === undefined ? {} : { annotations: { [Annotation.isolation]: isolation } };
  if (isolation === "chroot") {
    // no terminal, since init gives none; a read-only root takes a mount
    return {
      ociVersion: OCI_VERSION,
      process: program(false),
      root: { path: "rootfs" },
      ...annotations,
    };
  }
  return {
    ociVersion: OCI_VERSION,
    process: program(true),
    root: { path: "rootfs", readonly: true },
    hostname: "runch",
    mounts: rootless === undefined ? MOUNTS : MOUNTS.map(rootlessMount),
    ...annotations,
    linux: linux(options),
  };
}
