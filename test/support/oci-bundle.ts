/** Bundles for the suite of test/oci: a root filesystem of Debian's busybox-static and the suite's own probe. */
import { chmodSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { is32 } from "./machine.ts";
import { deviceNodes, granted, type Need, profile } from "./oci-runtimes.ts";

const APPLETS = (
  "sh cat id sleep true false ls stat hostname setsid touch mount umount mkdir rm rmdir ln chmod chown env pwd kill ps " +
  "readlink grep awk sed head tail tr wc sort cut uname dd tty stty mkfifo mknod test echo printf ifconfig ip dnsdomainname " +
  "date find sync uptime ulimit ping nproc mv cp df"
).split(" ");

export interface Mount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
  readonly [more: string]: unknown;
}

export interface Namespace {
  readonly type: string;
  readonly path?: string;
}

/** Parts of a config.json: `process` and `linux` are laid over the suite's own, all else stands for itself. */
export interface Parts {
  /** Short for process.args. */
  readonly args?: readonly string[];
  readonly process?: Readonly<Record<string, unknown>>;
  readonly linux?: Readonly<Record<string, unknown>>;
  /** Mounts beside the suite's own /proc. */
  readonly mounts?: readonly Mount[];
  readonly [field: string]: unknown;
}

export interface Bundle {
  readonly path: string;
  readonly rootfs: string;
}

export const PROC: Mount = { destination: "/proc", type: "proc", source: "proc" };

const DEFAULTS: Readonly<Record<typeof profile, readonly string[]>> = {
  namespaces: ["mount", "pid", "ipc", "uts"],
  mount: ["mount"],
  chroot: [],
};

/** The namespaces that a container of this profile has, and more. */
export function namespaces(...more: readonly (string | Namespace)[]): Namespace[] {
  const added = more.map((one) => (typeof one === "string" ? { type: one } : one));
  const own = DEFAULTS[profile].filter((type) => !added.some((one) => one.type === type));
  return [...own.map((type) => ({ type })), ...added];
}

/** The config.json of these parts. */
export function configOf(parts: Parts): Record<string, unknown> {
  const { args, process, linux, mounts, ...more } = parts;
  return {
    ociVersion: "1.0.2",
    root: { path: "rootfs" },
    ...more,
    process: {
      args: args ?? ["true"],
      cwd: "/",
      env: ["PATH=/bin"],
      user: { uid: 0, gid: 0 },
      ...process,
    },
    mounts: Array.isArray(mounts ?? []) ? [...(granted("mounts") ? [PROC] : []), ...(mounts ?? [])] : mounts,
    linux: { namespaces: namespaces(), ...linux },
  };
}

/** Programs that tell what they see. */
export const PROBES = is32 ? ["probe", "probe32"] : ["probe"];

/** @param shared folder with the programs, which bundles hold by hard links */
export function makeBundle(shared: string, path: string, parts: Parts | string): Bundle {
  const rootfs = join(path, "rootfs");
  for (const name of ["bin", "proc", "sys", "dev", "tmp", "etc"])
    mkdirSync(join(rootfs, name), { recursive: true });
  chmodSync(join(rootfs, "tmp"), 0o1777);
  for (const name of ["busybox", ...PROBES]) linkSync(join(shared, name), join(rootfs, "bin", name));
  for (const name of deviceNodes === undefined ? [] : readdirSync(deviceNodes))
    linkSync(join(deviceNodes ?? "", name), join(rootfs, "dev", name));
  for (const name of APPLETS) symlinkSync("busybox", join(rootfs, "bin", name));
  writeConfig(path, parts);
  return { path, rootfs };
}

/** @param parts text is written as it is */
export function writeConfig(path: string, parts: Parts | string): void {
  const text = typeof parts === "string" ? parts : JSON.stringify(configOf(parts), null, 1);
  writeFileSync(join(path, "config.json"), text);
}

/** What the degraded start of a bundle calls each need. */
export const NEED_NAMES: Readonly<Record<Need, string>> = {
  mounts: "mount namespace",
  pid: "pid namespace",
  uts: "uts namespace",
  ipc: "ipc namespace",
  network: "network namespace",
  user: "user namespace",
  cgroup: "cgroup namespace",
  time: "time namespace",
};
