/** Loads the parts of a start that this config.json asks for, and has them plan their fields. */
import * as sys from "vz:sys";
import { badConfig as bad, type OciConfig } from "../../../common/oci/oci.ts";
import type { Parts, Plan } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";
import type { PartsOptions } from "./model.ts";

/** Whether a field holds anything to be done. */
function isFilled(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

/** The manager's socket, unless config.json names another one. */
function notifySocket({ env }: Plan): string | undefined {
  const isIt = (line: string) => line.startsWith("NOTIFY_SOCKET=");
  return env.some(isIt) ? undefined : sys.environ.find(isIt)?.slice("NOTIFY_SOCKET=".length);
}

/** @throws VzError 78, or 125 in strict */
export async function loadParts(
  config: OciConfig,
  plan: Plan,
  options: PartsOptions,
  short: Shortfalls,
): Promise<Parts> {
  const { process, linux = {}, hooks } = config;
  const { unknown } = options;
  const types = plan.namespaces;
  const { joins } = plan;
  for (const name of ["intelRdt", "netDevices", "memoryPolicy"] as const) {
    if (isFilled(linux[name])) short.add(`linux.${name}`, "not supported");
  }
  const needsNamespaces =
    joins.length > 0 ||
    types.includes("user") ||
    types.includes("time") ||
    isFilled(linux.uidMappings) ||
    isFilled(linux.gidMappings) ||
    isFilled(linux.timeOffsets);
  const namespaces = needsNamespaces
    ? (await import("../namespaces/join.ts")).planNamespaceParts(linux, types, joins, unknown, short)
    : null;
  const asksForCgroup =
    linux.resources !== undefined ||
    isFilled(linux.cgroupsPath) ||
    plan.mounts.some(({ type }) => type.startsWith("cgroup"));
  if (!options.cgroups && isFilled(linux.resources)) short.add("linux.resources", "cgroups are disabled");
  for (const { at, type } of plan.mounts)
    if (!options.cgroups && type.startsWith("cgroup")) short.add(at, "cgroups are disabled");
  const cgroup =
    asksForCgroup && options.cgroups
      ? (await import("../cgroup/part.ts")).planCgroupPart(linux, options, types.includes("cgroup"), short)
      : null;
  const entersUser = types.includes("user") || joins.some(({ type }) => type === "user");
  const needsExtras = plan.mounts.some(
    ({ extended, type, uidMappings, gidMappings }) =>
      (entersUser && type === "bind") ||
      extended.length > 0 ||
      type.startsWith("cgroup") ||
      uidMappings !== undefined ||
      gidMappings !== undefined,
  );
  const seccomp =
    linux.seccomp === undefined
      ? null
      : (await import("../seccomp/part.ts")).planSeccompPart(linux.seccomp, options, short);
  const asked = (linux.namespaces ?? []).map(({ type }) => type);
  const attributes =
    process && (process.scheduler || process.ioPriority || process.apparmorProfile || process.selinuxLabel);
  if (process?.execCPUAffinity !== undefined) {
    // checked here, applied by exec alone
    (await import("../process/attributes.ts")).planAffinity(process.execCPUAffinity, unknown);
  }
  if (linux.mountLabel) short.add("linux.mountLabel", "SELinux labels of mounts are not supported");
  let terminal: Parts["terminal"] = null;
  if (process?.terminal) {
    const socket = options.console();
    if (socket < 0) {
      if (options.form === "fork")
        throw bad("process.terminal", "there is no one to hold the terminal: use --console-socket");
      short.add("process.terminal", "start BUNDLE-DIR gives the program the standard streams of runch");
    } else {
      const { openTerminal, attachTerminal } = await import("../process/terminal.ts");
      const how = { socket, size: process.consoleSize, uid: process.user?.uid ?? 0, console: true };
      terminal = { open: (root, granted) => openTerminal(root, how, granted), attach: attachTerminal };
    }
  }
  const mounts = needsExtras
    ? (await import("../mounts/extras.ts")).planMountExtras(
        plan.mounts,
        namespaces?.maps ?? null,
        cgroup?.mount ?? (options.cgroups ? null : "disabled"),
        unknown,
      )
    : null;
  const maps = namespaces?.maps ?? null;
  const nodes =
    maps !== null && plan.devices.some(({ usual }) => !usual)
      ? (await import("../devices/outside.ts")).planNodes(plan.devices, maps, plan.rootfs)
      : null;
  const socket = notifySocket(plan);
  const notify = socket ? (await import("../process/notify.ts")).planNotify(socket, maps) : null;
  return {
    namespaces,
    nodes,
    notify,
    openings: [mounts?.openSources, nodes?.open, notify?.open].filter((open) => open !== undefined),
    mounts,
    cgroup,
    seccomp,
    terminal,
    hooks: hooks !== undefined ? new (await import("../hooks/run.ts")).Hooks(hooks, unknown) : null,
    sysctl: isFilled(linux.sysctl)
      ? (await import("../namespaces/sysctl.ts")).planSysctl(linux.sysctl ?? {}, asked)
      : null,
    attributes: attributes ? (await import("../process/attributes.ts")).planAttributes(process, unknown) : [],
  };
}
