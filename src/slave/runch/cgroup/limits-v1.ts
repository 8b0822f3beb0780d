/**
 * `linux.resources` as writes to the control files of cgroup version 1 (Documentation/admin-guide/cgroup-v1 of the kernel,
 * Documentation/scheduler/sched-bwc.rst). Order matters within a controller; where the right order depends on the old values,
 * what is refused at first is tried again behind the rest.
 */
import { each, FIELD, isSet, type Limit, limit } from "./limits.ts";
import type { OciResources } from "./resources.ts";

const unlimited = (value: number) => value < 0;

export function memoryV1({ memory = {} }: OciResources): Limit[] {
  const limits: Limit[] = [];
  const number = (field: string, value: number | undefined, file: string) => {
    if (isSet(value)) limits.push(limit(`memory.${field}`, `memory.${file}`, value, unlimited(value)));
  };
  const { useHierarchy, disableOOMKiller, swappiness } = memory;
  // refused once there are processes or sub-cgroups, so first
  if (useHierarchy !== undefined)
    limits.push(limit("memory.useHierarchy", "memory.use_hierarchy", Number(useHierarchy)));
  number("kernel", memory.kernel, "kmem.limit_in_bytes");
  number("kernelTCP", memory.kernelTCP, "kmem.tcp.limit_in_bytes");
  number("limit", memory.limit, "limit_in_bytes");
  if (isSet(memory.swap)) number("swap", memory.swap, "memsw.limit_in_bytes");
  // memory and swap together are never less than memory
  else if (memory.limit === -1)
    limits.push({ ...limit("memory.limit", "memory.memsw.limit_in_bytes", -1, true), extra: true });
  number("reservation", memory.reservation, "soft_limit_in_bytes");
  if (swappiness !== undefined) limits.push(limit("memory.swappiness", "memory.swappiness", swappiness));
  if (disableOOMKiller !== undefined) {
    const text = Number(disableOOMKiller);
    limits.push(limit("memory.disableOOMKiller", "memory.oom_control", text, !disableOOMKiller));
  }
  return limits;
}

export function cpuV1({ cpu = {} }: OciResources): Limit[] {
  const limits: Limit[] = [];
  const number = (field: string, value: number | undefined, file: string) => {
    if (isSet(value)) limits.push(limit(`cpu.${field}`, `cpu.${file}`, value, unlimited(value)));
  };
  // an idle group takes no shares, so idle comes first
  if (cpu.idle !== undefined) limits.push(limit("cpu.idle", "cpu.idle", cpu.idle, cpu.idle === 0));
  number("shares", cpu.shares, "shares");
  number("period", cpu.period, "cfs_period_us");
  number("quota", cpu.quota, "cfs_quota_us");
  if (cpu.burst !== undefined)
    limits.push(limit("cpu.burst", "cpu.cfs_burst_us", cpu.burst, cpu.burst === 0));
  number("realtimePeriod", cpu.realtimePeriod, "rt_period_us");
  number("realtimeRuntime", cpu.realtimeRuntime, "rt_runtime_us");
  return limits;
}

/** The same files in both versions. */
export function cpuset({ cpu = {} }: OciResources): Limit[] {
  const limits: Limit[] = [];
  if (cpu.cpus) limits.push(limit("cpu.cpus", "cpuset.cpus", cpu.cpus));
  if (cpu.mems) limits.push(limit("cpu.mems", "cpuset.mems", cpu.mems));
  return limits;
}

/** The same file in both versions. */
export function pids({ pids = {} }: OciResources): Limit[] {
  const { limit: most } = pids;
  return isSet(most) ? [limit("pids.limit", "pids.max", most < 0 ? "max" : most, most < 0)] : [];
}

/** Weights under the names of the CFQ scheduler (until Linux 5.0) or those of BFQ. */
export function blockV1({ blockIO = {} }: OciResources): Limit[] {
  const limits: Limit[] = [];
  const anyOf = (field: string, files: readonly string[], text: string | number) =>
    limits.push({
      field: `${FIELD}.blockIO.${field}`,
      tries: files.map((file) => ({ file, text: String(text) })),
    });
  if (isSet(blockIO.weight)) anyOf("weight", ["blkio.weight", "blkio.bfq.weight"], blockIO.weight);
  if (isSet(blockIO.leafWeight)) anyOf("leafWeight", ["blkio.leaf_weight"], blockIO.leafWeight);
  for (const { major, minor, weight, leafWeight } of blockIO.weightDevice ?? []) {
    const files = ["blkio.weight_device", "blkio.bfq.weight_device"];
    if (isSet(weight)) anyOf("weightDevice", files, `${major}:${minor} ${weight}`);
    if (isSet(leafWeight))
      anyOf("weightDevice", ["blkio.leaf_weight_device"], `${major}:${minor} ${leafWeight}`);
  }
  const throttle = (field: keyof typeof blockIO, file: string) => {
    const devices = blockIO[field];
    if (typeof devices !== "object") return;
    for (const device of devices) {
      // 0 takes a limit away
      if ("rate" in device)
        anyOf(
          field,
          [`blkio.throttle.${file}`],
          `${device.major}:${device.minor} ${Math.max(0, device.rate)}`,
        );
    }
  };
  throttle("throttleReadBpsDevice", "read_bps_device");
  throttle("throttleWriteBpsDevice", "write_bps_device");
  throttle("throttleReadIOPSDevice", "read_iops_device");
  throttle("throttleWriteIOPSDevice", "write_iops_device");
  return limits;
}

/** The limit, and the one for reservations (Linux 5.7): without it a program gets past the limit by reserving. */
export function hugetlbV1({ hugepageLimits }: OciResources): Limit[] {
  return each(hugepageLimits, ({ pageSize, limit: most }) => [
    limit("hugepageLimits", `hugetlb.${pageSize}.limit_in_bytes`, most, most < 0),
    { ...limit("hugepageLimits", `hugetlb.${pageSize}.rsvd.limit_in_bytes`, most, most < 0), extra: true },
  ]);
}

export function netClassV1({ network = {} }: OciResources): Limit[] {
  const { classID } = network;
  return classID === undefined ? [] : [limit("network.classID", "net_cls.classid", classID, classID === 0)];
}

export function netPriorityV1({ network = {} }: OciResources): Limit[] {
  return each(network.priorities, ({ name, priority }) => [
    limit("network.priorities", "net_prio.ifpriomap", `${name} ${priority}`),
  ]);
}

/** The same file in both versions. */
export function rdma({ rdma = {} }: OciResources): Limit[] {
  return each(Object.entries(rdma), ([device, { hcaHandles, hcaObjects }]) => {
    const parts: string[] = [];
    if (hcaHandles !== undefined) parts.push(`hca_handle=${hcaHandles}`);
    if (hcaObjects !== undefined) parts.push(`hca_object=${hcaObjects}`);
    return parts.length === 0 ? [] : [limit("rdma", "rdma.max", `${device} ${parts.join(" ")}`)];
  });
}
