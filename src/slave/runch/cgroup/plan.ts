/** From `linux.cgroupsPath` and `linux.resources` to directories and what is written into them. Pure. */

import { type DeviceRules, deviceRules, exceptionsOf, ruleText } from "./device-rules.ts";
import type { Hierarchies } from "./hierarchies.ts";
import { FIELD, type Limit, lacking, limit } from "./limits.ts";
import * as v1 from "./limits-v1.ts";
import * as v2 from "./limits-v2.ts";
import { cleanCgroupsPath, type Place, placesOf } from "./path.ts";
import type { OciResources } from "./resources.ts";

/** Takes what cannot be had: into the shortfalls of a start, or as an error of an update. */
export interface Teller {
  add(what: string, why: string): void;
}

export interface PlacedLimit extends Limit {
  readonly controller: string;
  readonly directory: string;
}

export interface CgroupPlan {
  /** Empty where no cgroup is asked for, or the machine has none. */
  readonly places: readonly Place[];
  /** In the order of writing. */
  readonly limits: readonly PlacedLimit[];
  /** Rules for a device program of version 2; null where there are none, or version 1 has the controller. */
  readonly devices: { readonly directory: string; readonly rules: DeviceRules } | null;
  /** Whether config.json names the cgroup. */
  readonly named: boolean;
}

interface Controller {
  readonly v1: string;
  readonly one: (resources: OciResources) => Limit[];
  readonly v2?: string;
  readonly two?: (resources: OciResources) => Limit[];
}

const CONTROLLERS: readonly Controller[] = [
  { v1: "memory", one: v1.memoryV1, v2: "memory", two: v2.memoryV2 },
  { v1: "cpu", one: v1.cpuV1, v2: "cpu", two: v2.cpuV2 },
  { v1: "cpuset", one: v1.cpuset, v2: "cpuset", two: v1.cpuset },
  { v1: "pids", one: v1.pids, v2: "pids", two: v1.pids },
  { v1: "blkio", one: v1.blockV1, v2: "io", two: v2.blockV2 },
  { v1: "hugetlb", one: v1.hugetlbV1, v2: "hugetlb", two: v2.hugetlbV2 },
  { v1: "net_cls", one: v1.netClassV1 },
  { v1: "net_prio", one: v1.netPriorityV1 },
  { v1: "rdma", one: v1.rdma, v2: "rdma", two: v1.rdma },
];

/** Where a controller lives; a controller is never in both versions at once. */
function find(places: readonly Place[], version: 1 | 2, controller: string): Place | undefined {
  return places.find((place) => place.version === version && place.controllers.includes(controller));
}

function placed(limits: readonly Limit[], controller: string, { directory }: Place): PlacedLimit[] {
  return limits.map((one) => ({ ...one, controller, directory }));
}

function unified(
  files: Readonly<Record<string, string>>,
  places: readonly Place[],
  tell: Teller,
): PlacedLimit[] {
  const place = places.find(({ version }) => version === 2);
  return Object.entries(files).flatMap(([file, value]) => {
    const [controller = ""] = file.split(".");
    if (place !== undefined && (controller === "cgroup" || place.controllers.includes(controller)))
      return placed(v2.unifiedV2(file, value), controller, place);
    const why =
      place === undefined ? "needs cgroup version 2" : `no controller ${controller} in cgroup version 2 here`;
    tell.add(`${FIELD}.unified.${file}`, why);
    return [];
  });
}

/** All limits but those of devices, each at its controller; a field whose controller is missing is told. */
export function limitsFor(resources: OciResources, places: readonly Place[], tell: Teller): PlacedLimit[] {
  const limits = CONTROLLERS.flatMap((controller) => {
    const first = find(places, 1, controller.v1);
    if (first !== undefined) return placed(controller.one(resources), controller.v1, first);
    const second = controller.v2 === undefined ? undefined : find(places, 2, controller.v2);
    if (second !== undefined && controller.v2 !== undefined)
      return placed(controller.two?.(resources) ?? [], controller.v2, second);
    const lost = controller.one(resources).filter(({ free, extra }) => !free && !extra);
    for (const field of new Set(lost.map((one) => one.field)))
      tell.add(field, `no cgroup controller ${controller.v1} here`);
    return [];
  });
  return [...limits, ...unified(resources.unified ?? {}, places, tell)];
}

/** Version 1 takes the base first, and then the exceptions. */
function devicesV1(rules: DeviceRules): Limit[] {
  const { base, said } = rules;
  const { exceptions, holes } = exceptionsOf(rules);
  const [file, opposite] =
    base === "deny" ? ["devices.deny", "devices.allow"] : ["devices.allow", "devices.deny"];
  return [
    ...(said ? [{ ...limit("devices", file, "a", base === "allow"), once: true }] : []),
    ...exceptions.map((rule) => limit("devices", opposite, ruleText(rule))),
    ...holes.map((rule) =>
      lacking("devices", `cgroup version 1 cannot take ${ruleText(rule)} out of a wider rule before it`),
    ),
  ];
}

export interface CgroupRequest {
  readonly cgroupsPath: string | undefined;
  readonly id: string;
  readonly resources: OciResources;
  readonly hierarchies: Hierarchies;
}

/** Whether anything at all is asked for: a limit, or a device that is not allowed. */
function asksForLimits(resources: OciResources, rules: DeviceRules | null): boolean {
  return (
    rules !== null ||
    Object.keys(resources.unified ?? {}).length > 0 ||
    CONTROLLERS.some(({ one }) => one(resources).length > 0)
  );
}

/**
 * A cgroup is made when the path is given or something is asked for: at `linux.cgroupsPath`, or else at `/ID`.
 * @throws VzError 78 for a path that cannot be a container's
 */
export function planCgroup(
  { cgroupsPath, id, resources, hierarchies }: CgroupRequest,
  tell: Teller,
): CgroupPlan {
  const path = cgroupsPath === undefined || cgroupsPath === "" ? undefined : cleanCgroupsPath(cgroupsPath);
  const named = path !== undefined;
  const rules = deviceRules(resources.devices);
  if (!named && !asksForLimits(resources, rules)) return { places: [], limits: [], devices: null, named };
  const places = placesOf(hierarchies, path, id);
  if (named && places.length === 0)
    tell.add(
      "linux.cgroupsPath",
      hierarchies.length === 0 ? "no cgroups here" : "our own cgroup cannot be seen",
    );
  const limits = limitsFor(resources, places, tell);
  const first = find(places, 1, "devices");
  if (rules === null) return { places, limits, devices: null, named };
  if (first !== undefined)
    return {
      places,
      limits: [...limits, ...placed(devicesV1(rules), "devices", first)],
      devices: null,
      named,
    };
  const second = places.find(({ version }) => version === 2);
  if (second !== undefined) return { places, limits, devices: { directory: second.directory, rules }, named };
  tell.add(`${FIELD}.devices`, "no cgroup controller devices here");
  return { places, limits, devices: null, named };
}

/** The directories that a plan is about, to be written down before they are made. */
export function cgroupDirectories(plan: CgroupPlan): string[] {
  return plan.places.map(({ directory }) => directory);
}
