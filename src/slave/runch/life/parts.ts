/**
 * The parts of a start that this config.json asks for: each is read when one of its fields is there, and plans them. A part that
 * another depends on comes before it.
 */
import * as sys from "vz:sys";
import { badConfig as bad, type OciConfig } from "../../../common/oci/oci.ts";
import type { CgroupPart, MountExtras, NamespacePart, NodePart, NotifyPart, Parts, Plan } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";
import type { PartsOptions } from "./model.ts";

/** What each part is planned from. */
interface Start {
  readonly config: OciConfig;
  readonly plan: Plan;
  readonly options: PartsOptions;
  readonly short: Shortfalls;
}

/** Whether a field holds anything to be done. */
function isFilled(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

/** What runch has no part for. */
function tellLacking({ config: { linux = {} }, short }: Start): void {
  for (const name of ["intelRdt", "netDevices", "memoryPolicy"] as const) {
    if (isFilled(linux[name])) short.add(`linux.${name}`, "not supported");
  }
  if (linux.mountLabel) short.add("linux.mountLabel", "SELinux labels of mounts are not supported");
}

async function namespacePart({ config, plan, options, short }: Start): Promise<NamespacePart | null> {
  const { linux = {} } = config;
  const { namespaces, joins } = plan;
  const isAsked =
    joins.length > 0 ||
    namespaces.includes("user") ||
    namespaces.includes("time") ||
    [linux.uidMappings, linux.gidMappings, linux.timeOffsets].some(isFilled);
  if (!isAsked) return null;
  const { planNamespaceParts } = await import("../namespaces/join.ts");
  return planNamespaceParts(linux, namespaces, joins, options.unknown, short);
}

async function cgroupPart({ config, plan, options, short }: Start): Promise<CgroupPart | null> {
  const { linux = {} } = config;
  const mounts = plan.mounts.filter(({ type }) => type.startsWith("cgroup"));
  if (!options.cgroups) {
    if (isFilled(linux.resources)) short.add("linux.resources", "cgroups are disabled");
    for (const { at } of mounts) short.add(at, "cgroups are disabled");
    return null;
  }
  if (linux.resources === undefined && !isFilled(linux.cgroupsPath) && mounts.length === 0) return null;
  const { planCgroupPart } = await import("../cgroup/part.ts");
  return planCgroupPart(linux, options, plan.namespaces.includes("cgroup"), short);
}

async function seccompPart({ config, options, short }: Start): Promise<Parts["seccomp"]> {
  const { seccomp } = config.linux ?? {};
  if (seccomp === undefined) return null;
  return (await import("../seccomp/part.ts")).planSeccompPart(seccomp, options, short);
}

async function attributesOf({ config: { process }, options }: Start): Promise<Parts["attributes"]> {
  if (process === undefined) return [];
  const { scheduler, ioPriority, apparmorProfile, selinuxLabel, execCPUAffinity } = process;
  const isAsked = scheduler || ioPriority || apparmorProfile || selinuxLabel;
  if (!isAsked && execCPUAffinity === undefined) return [];
  const { planAffinity, planAttributes } = await import("../process/attributes.ts");
  // checked here, applied by exec alone
  if (execCPUAffinity !== undefined) planAffinity(execCPUAffinity, options.unknown);
  return isAsked ? planAttributes(process, options.unknown) : [];
}

async function terminalPart({ config: { process }, options, short }: Start): Promise<Parts["terminal"]> {
  if (!process?.terminal) return null;
  const socket = options.console();
  if (socket < 0) {
    if (options.form === "fork")
      throw bad("process.terminal", "there is no one to hold the terminal: use --console-socket");
    short.add("process.terminal", "start BUNDLE-DIR gives the program the standard streams of runch");
    return null;
  }
  const { openTerminal, attachTerminal } = await import("../process/terminal.ts");
  const how = { socket, size: process.consoleSize, uid: process.user?.uid ?? 0, console: true };
  return { open: (root, lacking) => openTerminal(root, how, lacking), attach: attachTerminal };
}

async function mountPart(
  { plan, options }: Start,
  namespaces: NamespacePart | null,
  cgroup: CgroupPart | null,
): Promise<MountExtras | null> {
  const entersUser = plan.namespaces.includes("user") || plan.joins.some(({ type }) => type === "user");
  const isAsked = plan.mounts.some(
    ({ extended, type, uidMappings, gidMappings }) =>
      (entersUser && type === "bind") ||
      extended.length > 0 ||
      type.startsWith("cgroup") ||
      uidMappings !== undefined ||
      gidMappings !== undefined,
  );
  if (!isAsked) return null;
  const { planMountExtras } = await import("../mounts/extras.ts");
  const cgroupMount = cgroup?.mount ?? (options.cgroups ? null : "disabled");
  return planMountExtras(plan.mounts, namespaces?.maps ?? null, cgroupMount, options.unknown);
}

async function nodePart({ plan }: Start, namespaces: NamespacePart | null): Promise<NodePart | null> {
  const maps = namespaces?.maps ?? null;
  if (maps === null || plan.devices.every(({ usual }) => usual)) return null;
  return (await import("../devices/outside.ts")).planNodes(plan.devices, maps, plan.rootfs);
}

/** The manager's socket, unless config.json names another one. */
async function notifyPart({ plan }: Start, namespaces: NamespacePart | null): Promise<NotifyPart | null> {
  const isIt = (line: string) => line.startsWith("NOTIFY_SOCKET=");
  const socket = plan.env.some(isIt) ? undefined : sys.environ.find(isIt)?.slice("NOTIFY_SOCKET=".length);
  if (!socket) return null;
  return (await import("../process/notify.ts")).planNotify(socket, namespaces?.maps ?? null);
}

async function hookPart({ config: { hooks }, options }: Start): Promise<Parts["hooks"]> {
  return hooks === undefined ? null : new (await import("../hooks/run.ts")).Hooks(hooks, options.unknown);
}

async function sysctlAct({ config: { linux = {} } }: Start): Promise<Parts["sysctl"]> {
  if (!isFilled(linux.sysctl)) return null;
  const asked = (linux.namespaces ?? []).map(({ type }) => type);
  return (await import("../namespaces/sysctl.ts")).planSysctl(linux.sysctl ?? {}, asked);
}

/** @throws VzError 78, or 125 in strict */
export async function planParts(start: Start): Promise<Parts> {
  tellLacking(start);
  const namespaces = await namespacePart(start);
  const cgroup = await cgroupPart(start);
  const seccomp = await seccompPart(start);
  const terminal = await terminalPart(start);
  const mounts = await mountPart(start, namespaces, cgroup);
  const nodes = await nodePart(start, namespaces);
  const notify = await notifyPart(start, namespaces);
  return {
    namespaces,
    nodes,
    notify,
    openings: [mounts?.openSources, nodes?.open, notify?.open].filter((open) => open !== undefined),
    mounts,
    cgroup,
    seccomp,
    terminal,
    hooks: await hookPart(start),
    sysctl: await sysctlAct(start),
    attributes: await attributesOf(start),
  };
}
