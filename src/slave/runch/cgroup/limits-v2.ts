/**
 * `linux.resources` as writes to the control files of cgroup version 2 (Documentation/admin-guide/cgroup-v2.rst of the kernel).
 * The specification's fields are version 1's; what has another scale is converted as runc and crun do it, so that a bundle
 * means the same under each of them.
 */
import { each, FIELD, isSet, type Limit, lacking, limit } from "./limits.ts";
import type { OciResources } from "./resources.ts";

const NONE = "cgroup version 2 has nothing of the kind";

const most = (value: number) => (value < 0 ? "max" : value);

/** Shares 2 … 262144 as a weight 1 … 10000. */
export function weightOfShares(shares: number): number {
  const within = Math.min(262144, Math.max(2, shares));
  return 1 + Math.floor(((within - 2) * 9999) / 262142);
}

/** A block weight 10 … 1000 as one of 1 … 10000. */
export function weightOfBlockWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

/** Version 1 limits memory and swap together, version 2 swap alone. */
function swapV2(memory: NonNullable<OciResources["memory"]>): Limit[] {
  const { limit: bytes, swap } = memory;
  const file = "memory.swap.max";
  if (!isSet(swap)) return bytes === -1 ? [{ ...limit("memory.limit", file, "max", true), extra: true }] : [];
  if (swap < 0) return [limit("memory.swap", file, "max", true)];
  if (!isSet(bytes) || bytes < 0)
    return [lacking("memory.swap", "memory and swap together have a limit only if memory.limit has one")];
  if (swap < bytes) return [lacking("memory.swap", "below memory.limit, which it includes")];
  return [limit("memory.swap", file, swap - bytes)];
}

export function memoryV2({ memory = {} }: OciResources): Limit[] {
  const { kernel, kernelTCP, limit: bytes, reservation, swappiness } = memory;
  const limits = swapV2(memory);
  if (isSet(bytes)) limits.push(limit("memory.limit", "memory.max", most(bytes), bytes < 0));
  if (isSet(reservation))
    limits.push(limit("memory.reservation", "memory.low", most(reservation), reservation < 0));
  if (isSet(kernel))
    limits.push(lacking("memory.kernel", "version 2 counts it into memory.limit alone", kernel < 0));
  if (isSet(kernelTCP))
    limits.push(lacking("memory.kernelTCP", "version 2 counts it into memory.limit alone", kernelTCP < 0));
  if (swappiness !== undefined) limits.push(lacking("memory.swappiness", NONE));
  if (memory.disableOOMKiller) limits.push(lacking("memory.disableOOMKiller", NONE));
  // version 2 always is one hierarchy
  if (memory.useHierarchy === false) limits.push(lacking("memory.useHierarchy", NONE));
  return limits;
}

export function cpuV2({ cpu = {} }: OciResources): Limit[] {
  const limits: Limit[] = [];
  const { burst, idle, period, quota, shares } = cpu;
  // an idle group takes no weight
  if (idle !== undefined) limits.push(limit("cpu.idle", "cpu.idle", idle, idle === 0));
  if (isSet(shares)) limits.push(limit("cpu.shares", "cpu.weight", weightOfShares(shares)));
  const bandwidth = isSet(quota) ? most(quota) : "max";
  if (isSet(period))
    limits.push(limit("cpu.period", "cpu.max", `${bandwidth} ${period}`, bandwidth === "max"));
  if (isSet(quota)) limits.push(limit("cpu.quota", "cpu.max", bandwidth, quota < 0));
  if (burst !== undefined) limits.push(limit("cpu.burst", "cpu.max.burst", burst, burst === 0));
  if (isSet(cpu.realtimePeriod)) limits.push(lacking("cpu.realtimePeriod", NONE));
  if (isSet(cpu.realtimeRuntime)) limits.push(lacking("cpu.realtimeRuntime", NONE));
  return limits;
}

/** BFQ's own file takes weights as they are. */
function blockWeight(field: string, device: string, weight: number): Limit {
  return {
    field: `${FIELD}.blockIO.${field}`,
    tries: [
      { file: "io.bfq.weight", text: `${device}${weight}` },
      { file: "io.weight", text: `${device}${weightOfBlockWeight(weight)}` },
    ],
  };
}

export function blockV2({ blockIO = {} }: OciResources): Limit[] {
  const limits: Limit[] = [];
  if (isSet(blockIO.weight)) limits.push(blockWeight("weight", "", blockIO.weight));
  if (isSet(blockIO.leafWeight)) limits.push(lacking("blockIO.leafWeight", NONE));
  for (const { major, minor, weight, leafWeight } of blockIO.weightDevice ?? []) {
    if (isSet(weight)) limits.push(blockWeight("weightDevice", `${major}:${minor} `, weight));
    if (isSet(leafWeight)) limits.push(lacking("blockIO.weightDevice", "no leaf weights in version 2"));
  }
  const throttle = (field: string, key: string, devices: typeof blockIO.throttleReadBpsDevice) => {
    limits.push(
      ...each(devices, ({ major, minor, rate }) => [
        limit(`blockIO.${field}`, "io.max", `${major}:${minor} ${key}=${rate > 0 ? rate : "max"}`),
      ]),
    );
  };
  throttle("throttleReadBpsDevice", "rbps", blockIO.throttleReadBpsDevice);
  throttle("throttleWriteBpsDevice", "wbps", blockIO.throttleWriteBpsDevice);
  throttle("throttleReadIOPSDevice", "riops", blockIO.throttleReadIOPSDevice);
  throttle("throttleWriteIOPSDevice", "wiops", blockIO.throttleWriteIOPSDevice);
  return limits;
}

export function hugetlbV2({ hugepageLimits }: OciResources): Limit[] {
  return each(hugepageLimits, ({ pageSize, limit: bytes }) => [
    limit("hugepageLimits", `hugetlb.${pageSize}.max`, most(bytes), bytes < 0),
    { ...limit("hugepageLimits", `hugetlb.${pageSize}.rsvd.max`, most(bytes), bytes < 0), extra: true },
  ]);
}

/** One write a line: the kernel takes one device at a time. */
export function unifiedV2(file: string, value: string): Limit[] {
  const lines = value.split("\n").filter((line) => line !== "");
  return (lines.length === 0 ? [""] : lines).map((line) => limit(`unified.${file}`, file, line));
}
