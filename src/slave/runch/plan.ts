/**
 * What has to be done for a container, worked out of its config.json alone. Every field of the specification is either
 * planned for here, or refused, or put on the list of what falls short; none is passed over.
 */
import { Annotation } from "../../common/annotations.ts";
import type { OciConfig, OciLinux, OciNamespace, OciProcess } from "../../common/oci.ts";
import { badConfig as bad } from "../../common/oci.ts";
import { lookup, MS, NAMESPACES } from "./linux.ts";
import { type MountOptions, PROPAGATION, parseMountOptions } from "./mount-options.ts";
import { type DeviceStep, planDevices } from "./plan-devices.ts";
import { type Credentials, planCredentials } from "./plan-process.ts";
import type { Shortfalls } from "./shortfalls.ts";

export interface MountStep extends MountOptions {
  /** For messages: "mounts[2] (/data)". */
  readonly at: string;
  /** Inside the container. */
  readonly destination: string;
  readonly type: string;
  /** A path outside for a bind mount, any word otherwise. */
  readonly source: string;
}

export interface Plan {
  readonly bundle: string;
  readonly rootfs: string;
  readonly readonlyRoot: boolean;
  /** Namespaces to make: types in `NAMESPACES`; "pid" is the caller's, who forks. */
  readonly namespaces: readonly string[];
  /** Namespaces to enter. */
  readonly joins: readonly Required<OciNamespace>[];
  /** Propagation of "/" in a mount namespace of its own. */
  readonly propagation: number;
  readonly hostname: string | undefined;
  readonly mounts: readonly MountStep[];
  readonly devices: readonly DeviceStep[];
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly credentials: Credentials;
}

export interface PlanOptions {
  /** Absolute path of the bundle. */
  readonly bundle: string;
  /** "exec": runch becomes the container's process; "fork": it stays or leaves it behind. */
  readonly form: "exec" | "fork";
}

/** @throws VzError 78 for a config.json that cannot be run, 125 in strict for what cannot be had */
export function makePlan(config: OciConfig, options: PlanOptions, short: Shortfalls): Plan {
  const { process, root, linux = {} } = config;
  if (process === undefined) throw bad("process", "missing");
  if (root === undefined) throw bad("root", "missing");
  const args = process.args ?? [];
  if (args.length === 0) throw bad("process.args", "empty");
  if (!process.cwd.startsWith("/")) throw bad("process.cwd", "not an absolute path");
  (process.env ?? []).forEach((line, i) => {
    if (!/^[^=]+=/s.test(line)) throw bad(`process.env[${i}]`, "not NAME=value");
  });
  refuseHooks(config);
  const { namespaces, joins } = planNamespaces(linux.namespaces ?? [], options, short);
  noteLinux(linux, short);
  noteProcess(process, short);
  if (config.domainname) short.add("domainname", "not supported");
  const mounts = planMounts(config, options.bundle, short);
  return {
    bundle: options.bundle,
    rootfs: absolute(options.bundle, root.path),
    readonlyRoot: root.readonly ?? false,
    namespaces,
    joins,
    propagation: rootPropagation(linux.rootfsPropagation ?? ""),
    hostname: planHostname(config, namespaces, joins, short),
    mounts,
    devices: planDevices(linux.devices ?? []),
    maskedPaths: linux.maskedPaths ?? [],
    readonlyPaths: linux.readonlyPaths ?? [],
    args,
    env: process.env ?? [],
    cwd: process.cwd,
    credentials: planCredentials(process, linux),
  };
}

function absolute(base: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${base}/${path}`;
  return `/${whole
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}

function refuseHooks(config: OciConfig): void {
  for (const [name, list] of Object.entries(config.hooks ?? {})) {
    if (list.length > 0) throw bad(`hooks.${name}`, "runch does not run hooks");
  }
}

function planNamespaces(asked: readonly OciNamespace[], options: PlanOptions, short: Shortfalls) {
  const namespaces: string[] = [];
  const joins: Required<OciNamespace>[] = [];
  const seen = new Set<string>();
  asked.forEach(({ type, path = "" }, i) => {
    const at = `linux.namespaces[${i}]`;
    if (lookup(NAMESPACES, type) === undefined)
      throw bad(at, `${JSON.stringify(type)} is no type of namespace`);
    if (seen.has(type)) throw bad(at, `${type} is there twice`);
    seen.add(type);
    if (path !== "") {
      if (type === "user" || type === "time") throw bad(at, `runch cannot enter a ${type} namespace`);
      if (type === "pid" && options.form === "exec")
        throw bad(at, "a pid namespace cannot be entered without a fork");
      joins.push({ type, path });
    } else if (short.isolation === "chroot") {
      // the user's own choice, so nothing falls short
    } else if (type === "pid" && options.form === "exec") {
      short.add("pid namespace", "it needs a parent that waits, and start BUNDLE-DIR leaves none");
    } else if (type === "network") {
      short.add("network namespace", "runch has no network to put into one");
    } else if (type === "user" || type === "cgroup" || type === "time") {
      short.add(`${type} namespace`, "not supported");
    } else {
      namespaces.push(type);
    }
  });
  return { namespaces, joins };
}

function planHostname(
  config: OciConfig,
  namespaces: readonly string[],
  joins: readonly { type: string }[],
  short: Shortfalls,
): string | undefined {
  const { hostname } = config;
  if (!hostname) return undefined;
  if (namespaces.includes("uts") || joins.some(({ type }) => type === "uts")) return hostname;
  if (!config.linux?.namespaces?.some(({ type }) => type === "uts")) {
    throw bad("hostname", "without a uts namespace it would rename the whole machine");
  }
  short.add("hostname", "it needs a uts namespace");
  return undefined;
}

function rootPropagation(name: string): number {
  if (name === "") return PROPAGATION["rprivate"] ?? 0;
  const flags = lookup(PROPAGATION, name);
  if (flags === undefined || !/^r?(private|slave)$/.test(name)) {
    throw bad("linux.rootfsPropagation", `runch does not have ${JSON.stringify(name)}`);
  }
  return flags;
}

/** Fields whose absence weakens isolation or limits, but lets the program run. */
function noteLinux(linux: OciLinux, short: Shortfalls): void {
  const filled = (value: unknown) =>
    value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
  for (const [name, limits] of Object.entries(linux.resources ?? {})) {
    const some =
      typeof limits === "object" && limits !== null ? Object.keys(limits).length > 0 : limits !== null;
    if (some) short.add(`linux.resources.${name}`, "cgroups are not supported");
  }
  if (linux.seccomp !== undefined) short.add("linux.seccomp", "filters are not supported");
  for (const key of Object.keys(linux.sysctl ?? {})) {
    short.add(`linux.sysctl.${key}`, "it would hold for the whole machine");
  }
  const others = [
    "uidMappings",
    "gidMappings",
    "timeOffsets",
    "intelRdt",
    "mountLabel",
    "netDevices",
    "memoryPolicy",
  ];
  for (const name of others) {
    if (filled(linux[name as keyof OciLinux])) short.add(`linux.${name}`, "not supported");
  }
}

function noteProcess(process: OciProcess, short: Shortfalls): void {
  if (process.terminal) short.add("process.terminal", "the program gets the standard streams of runch");
  if (process.user?.username) throw bad("process.user.username", "only Windows has it");
  const others = ["apparmorProfile", "selinuxLabel", "scheduler", "ioPriority", "execCPUAffinity"] as const;
  for (const name of others) if (process[name]) short.add(`process.${name}`, "not supported");
}

function planMounts(config: OciConfig, bundle: string, short: Shortfalls): MountStep[] {
  const steps: MountStep[] = [];
  (config.mounts ?? []).forEach((mount, i) => {
    const at = `mounts[${i}] (${mount.destination})`;
    const options = parseMountOptions(mount.options ?? [], at);
    if (mount.uidMappings !== undefined || mount.gidMappings !== undefined) {
      throw bad(at, "runch does not have mounts with mapped ids");
    }
    const isBind = (options.flags & MS.BIND) !== 0 || mount.type === "bind";
    if (mount.type === "cgroup" || mount.type === "cgroup2") {
      short.add(at, "cgroups are not supported");
    } else if (isBind) {
      if (!mount.source) throw bad(at, "a bind mount without a source");
      const flags = options.flags | MS.BIND;
      steps.push({
        ...options,
        flags,
        at,
        destination: mount.destination,
        type: "bind",
        source: absolute(bundle, mount.source),
      });
    } else {
      if (!mount.type) throw bad(at, "neither a type nor the option bind");
      const source = mount.source || mount.type;
      steps.push({ ...options, at, destination: mount.destination, type: mount.type, source });
    }
  });
  return steps;
}

/** Isolation as the command line, else the bundle's annotation has it. */
export function isolationOf(config: OciConfig, option: string | undefined): string {
  return option ?? config.annotations?.[Annotation.isolation] ?? "auto";
}
