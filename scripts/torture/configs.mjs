/**
 * Documents that the mutations start from: `runc spec`'s own, and ones as engines write them; and every field that
 * runtime-spec 1.2 has for Linux, each with a value that it allows (config.md, config-linux.md).
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What every container needs; its program only ends. */
export const LEAST = {
  ociVersion: "1.2.0",
  root: { path: "rootfs" },
  process: { args: ["/bin/true"], cwd: "/", env: ["PATH=/bin"], user: { uid: 0, gid: 0 } },
};

const CAPABILITIES = ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_SETUID"];
const hook = { path: "/bin/true", args: ["true", "hook"], env: ["A=b"], timeout: 5 };
const ids = [{ containerID: 0, hostID: 100000, size: 65536 }];
const device = { major: 8, minor: 0 };

/** Values by path; "a.b" is field b of a. Each may be there or not. */
export const FIELDS = {
  hostname: "inner",
  domainname: "example",
  annotations: { "vz.isolation": "auto", "org.example.note": "kept", "vz.backoff": "false" },
  mounts: [
    { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=64k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["newinstance", "ptmxmode=0666", "mode=0620"],
    },
    { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "size=64k"] },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "ro"] },
    { destination: "/data", source: "/tmp", options: ["rbind", "rprivate", "ro"] },
    { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["relatime", "ro"] },
  ],
  "mounts#extended": [
    { destination: "/copied", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "size=64k"] },
    { destination: "/data", source: "/tmp", options: ["rbind", "rro", "rnosuid"] },
    {
      destination: "/mapped",
      source: "/tmp",
      options: ["bind", "idmap"],
      uidMappings: ids,
      gidMappings: ids,
    },
  ],
  "root.readonly": true,
  "process.terminal": false,
  "process.consoleSize": { height: 24, width: 80 },
  "process.user": { uid: 1, gid: 2, umask: 63, additionalGids: [3, 4] },
  "process.capabilities": {
    bounding: CAPABILITIES,
    effective: CAPABILITIES,
    permitted: CAPABILITIES,
    inheritable: ["CAP_KILL"],
    ambient: ["CAP_KILL"],
  },
  "process.rlimits": [
    { type: "RLIMIT_NOFILE", soft: 512, hard: 1024 },
    { type: "RLIMIT_CORE", soft: 0, hard: 0 },
  ],
  "process.noNewPrivileges": true,
  "process.oomScoreAdj": 100,
  "process.apparmorProfile": "profile",
  "process.selinuxLabel": "system_u:system_r:svirt_lxc_net_t:s0:c124,c675",
  "process.scheduler": { policy: "SCHED_BATCH", nice: 5, flags: ["SCHED_FLAG_RESET_ON_FORK"] },
  "process.ioPriority": { class: "IOPRIO_CLASS_BE", priority: 4 },
  "process.execCPUAffinity": { initial: "0", final: "0-1" },
  "hooks.prestart": [hook],
  "hooks.createRuntime": [hook],
  "hooks.createContainer": [hook],
  "hooks.startContainer": [hook],
  "hooks.poststart": [hook],
  "hooks.poststop": [hook],
  "linux.namespaces": ["mount", "pid", "uts", "ipc", "network", "cgroup"].map((type) => ({ type })),
  "linux.namespaces#user": [{ type: "user" }, { type: "mount" }, { type: "time" }],
  "linux.uidMappings": ids,
  "linux.gidMappings": ids,
  "linux.timeOffsets": { monotonic: { secs: 172800, nanosecs: 5 }, boottime: { secs: 604800, nanosecs: 0 } },
  "linux.devices": [
    { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438, uid: 0, gid: 0 },
    { path: "/dev/pipe", type: "p", fileMode: 384, uid: 1, gid: 1 },
  ],
  "linux.cgroupsPath": "/vz-mutate/one",
  "linux.rootfsPropagation": "slave",
  "linux.maskedPaths": ["/proc/kcore", "/proc/keys", "/sys/firmware"],
  "linux.readonlyPaths": ["/proc/sys", "/proc/bus"],
  "linux.mountLabel": "system_u:object_r:svirt_sandbox_file_t:s0:c715,c811",
  "linux.personality": { domain: "LINUX" },
  "linux.sysctl": { "kernel.msgmax": "8192", "net.ipv4.ip_forward": "1" },
  "linux.intelRdt": {
    closID: "guaranteed",
    l3CacheSchema: "L3:0=7f0",
    memBwSchema: "MB:0=20",
    enableCMT: true,
  },
  "linux.netDevices": { eth0: { name: "inner0" } },
  "linux.memoryPolicy": { mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] },
  "linux.seccomp": {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    flags: ["SECCOMP_FILTER_FLAG_LOG"],
    syscalls: [
      { names: ["read", "write", "exit_group"], action: "SCMP_ACT_ALLOW" },
      {
        names: ["personality"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value: 4294967295, valueTwo: 8, op: "SCMP_CMP_MASKED_EQ" }],
      },
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
    ],
  },
  "linux.seccomp#notify": {
    defaultAction: "SCMP_ACT_ALLOW",
    listenerPath: "/run/seccomp.sock",
    listenerMetadata: "note",
    syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }],
  },
  "linux.resources.devices": [
    { allow: false, access: "rwm" },
    { allow: true, type: "c", major: 1, minor: 3, access: "rw" },
  ],
  "linux.resources.memory": {
    limit: 67108864,
    reservation: 33554432,
    swap: 134217728,
    kernel: -1,
    kernelTCP: -1,
    swappiness: 10,
    disableOOMKiller: false,
    useHierarchy: true,
    checkBeforeUpdate: true,
  },
  "linux.resources.cpu": {
    shares: 512,
    quota: 50000,
    burst: 1000,
    period: 100000,
    realtimeRuntime: 950000,
    realtimePeriod: 1000000,
    cpus: "0",
    mems: "0",
    idle: 0,
  },
  "linux.resources.pids": { limit: 64 },
  "linux.resources.blockIO": {
    weight: 500,
    leafWeight: 300,
    weightDevice: [{ ...device, weight: 500, leafWeight: 300 }],
    throttleReadBpsDevice: [{ ...device, rate: 600 }],
    throttleWriteBpsDevice: [{ ...device, rate: 600 }],
    throttleReadIOPSDevice: [{ ...device, rate: 600 }],
    throttleWriteIOPSDevice: [{ ...device, rate: 600 }],
  },
  "linux.resources.hugepageLimits": [{ pageSize: "2MB", limit: 209715200 }],
  "linux.resources.network": { classID: 1048577, priorities: [{ name: "eth0", priority: 500 }] },
  "linux.resources.rdma": { mlx5_1: { hcaHandles: 3, hcaObjects: 10000 } },
  "linux.resources.unified": { "memory.high": "33554432", "pids.max": "32" },
};

/** Fields without which others are refused, whatever their value. */
const NEEDS = {
  hostname: ["linux.namespaces"],
  domainname: ["linux.namespaces"],
  "linux.sysctl": ["linux.namespaces"],
  "linux.namespaces#user": ["linux.uidMappings", "linux.gidMappings"],
  "linux.uidMappings": ["linux.namespaces#user", "linux.gidMappings"],
  "linux.gidMappings": ["linux.namespaces#user", "linux.uidMappings"],
  "linux.timeOffsets": ["linux.namespaces#user", "linux.uidMappings", "linux.gidMappings"],
};

/** These fields, behind those that they need. */
export function withNeeds(paths) {
  return [...paths.flatMap((path) => NEEDS[path] ?? []), ...paths];
}

/** Puts a value at a path; what follows a "#" in the path only tells two values of a field apart. */
export function place(document, path, value) {
  const steps = path.replace(/#.*/, "").split(".");
  let at = document;
  for (const step of steps.slice(0, -1)) {
    at[step] ??= {};
    at = at[step];
  }
  at[steps.at(-1)] = structuredClone(value);
  return document;
}

/** LEAST and the fields of these paths. */
export function documentOf(paths) {
  const document = structuredClone(LEAST);
  for (const path of paths) place(document, path, FIELDS[path]);
  return document;
}

function runcSpec() {
  const dir = mkdtempSync(join(tmpdir(), "vz-spec-"));
  try {
    execFileSync("runc", ["spec", "-b", dir]);
    const document = JSON.parse(readFileSync(join(dir, "config.json"), "utf8"));
    document.process.args = ["/bin/true"];
    document.process.terminal = false;
    return document;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const paths = (...patterns) =>
  Object.keys(FIELDS).filter((path) =>
    patterns.some((pattern) => path === pattern || path.startsWith(`${pattern}.`)),
  );

/** Whole documents by name. */
export function bases() {
  const common = ["hostname", "mounts", "process.capabilities", "process.rlimits", "linux.namespaces"];
  const hidden = ["linux.maskedPaths", "linux.readonlyPaths"];
  return {
    "runc spec": runcSpec(),
    least: LEAST,
    "as podman": documentOf([
      ...paths(...common, ...hidden, "annotations", "process.oomScoreAdj", "linux.sysctl"),
      ...paths("linux.cgroupsPath", "linux.resources.pids", "linux.resources.devices", "linux.seccomp"),
    ]),
    "as docker": documentOf([
      ...paths(
        ...common,
        ...hidden,
        "process.user",
        "process.noNewPrivileges",
        "linux.seccomp",
        "hooks.prestart",
      ),
      ...paths("linux.devices", "linux.cgroupsPath", "linux.resources"),
    ]),
    "as vz": documentOf(paths("mounts", "annotations", "root.readonly", "process.user", "linux.namespaces")),
  };
}
