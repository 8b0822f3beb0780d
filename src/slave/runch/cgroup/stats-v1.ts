/** Figures of cgroup version 1 (Documentation/admin-guide/cgroup-v1 of the kernel) in the form of runc. */
import { keyed } from "./control-files.ts";
import { type BlockTable, exact, flat, hugePages, type Read } from "./stat-files.ts";
import type { Figure, Figures } from "./stats.ts";

export type { Read } from "./stat-files.ts";

/** Nanoseconds in a tick of USER_HZ, which is 100 on every machine that vz runs on. */
const TICK = 10_000_000;

function cpu(read: Read): Figures | undefined {
  const total = read("cpuacct.usage");
  if (total === null) return undefined;
  const ticks = keyed(read("cpuacct.stat"));
  const rows = (read("cpuacct.usage_all") ?? "").split("\n").slice(1);
  const column = (i: number) => rows.map((row) => exact(row.split(" ")[i] ?? "0"));
  const throttling = keyed(read("cpu.stat"));
  const throttled = (key: string) => exact(throttling.get(key) ?? "0");
  return {
    usage: {
      total: exact(total),
      percpu: (read("cpuacct.usage_percpu") ?? "").split(/\s+/).filter(Boolean).map(exact),
      // Linux 4.6
      ...(rows.length > 0 ? { percpu_kernel: column(2), percpu_user: column(1) } : {}),
      kernel: Number(ticks.get("system") ?? 0) * TICK,
      user: Number(ticks.get("user") ?? 0) * TICK,
    },
    throttling: {
      periods: throttled("nr_periods"),
      throttledPeriods: throttled("nr_throttled"),
      throttledTime: throttled("throttled_time"),
    },
  };
}

/** "0-2,5" as [0, 1, 2, 5]. */
export function expandList(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split("-").map(Number);
    if (part === "" || !Number.isInteger(first) || !Number.isInteger(last)) return [];
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  });
}

const CPUSET_FLAGS: readonly string[] =
  "cpu_exclusive mem_hardwall mem_exclusive memory_migrate memory_spread_page memory_spread_slab memory_pressure \
sched_load_balance sched_relax_domain_level".split(" ");

function cpuset(read: Read): Figures | undefined {
  const cpus = read("cpuset.cpus");
  // version 2 has the file, and not the others
  if (cpus === null || read("cpuset.mem_hardwall") === null) return undefined;
  const flags = CPUSET_FLAGS.map((name) => [name, Number(read(`cpuset.${name}`) ?? 0)] as const);
  return {
    cpus: expandList(cpus),
    mems: expandList(read("cpuset.mems") ?? ""),
    ...Object.fromEntries(flags),
  };
}

function memoryEntry(read: Read, prefix: string): Record<string, Figure> | undefined {
  const usage = read(`${prefix}.usage_in_bytes`);
  if (usage === null) return undefined;
  const figure = (file: string) => exact(read(`${prefix}.${file}`) ?? "0");
  return {
    limit: figure("limit_in_bytes"),
    usage: exact(usage),
    max: figure("max_usage_in_bytes"),
    failcnt: figure("failcnt"),
  };
}

function memory(read: Read): Figures | undefined {
  const usage = memoryEntry(read, "memory");
  if (usage === undefined) return undefined;
  const raw = flat(read("memory.stat"));
  const parts = [
    ["swap", memoryEntry(read, "memory.memsw")],
    ["kernel", memoryEntry(read, "memory.kmem")],
    ["kernelTCP", memoryEntry(read, "memory.kmem.tcp")],
  ] as const;
  const there = parts.flatMap(([name, part]) => (part === undefined ? [] : [[name, part] as const]));
  return { cache: raw["cache"] ?? 0, usage, ...Object.fromEntries(there), raw };
}

/** The kernel's lines "8:0 Read 4096", or "8:0 12" of files without operations. */
function blockTable(text: string | null): BlockTable {
  return (text ?? "").split("\n").flatMap((line) => {
    const match = /^(\d+):(\d+)(?: (\w+))? (\d+)$/.exec(line);
    if (match === null) return [];
    const [, major = "", minor = "", op = "", value = ""] = match;
    return [{ major: Number(major), minor: Number(minor), op, value: exact(value) }];
  });
}

/** Tables of runc, and their files under the scheduler BFQ, under CFQ, and without either. */
const BLOCK_FILES: readonly Readonly<Record<string, string>>[] = [
  {
    ioServiceBytesRecursive: "blkio.bfq.io_service_bytes_recursive",
    ioServicedRecursive: "blkio.bfq.io_serviced_recursive",
  },
  {
    ioServiceBytesRecursive: "blkio.io_service_bytes_recursive",
    ioServicedRecursive: "blkio.io_serviced_recursive",
    ioQueueRecursive: "blkio.io_queued_recursive",
    ioServiceTimeRecursive: "blkio.io_service_time_recursive",
    ioWaitTimeRecursive: "blkio.io_wait_time_recursive",
    ioMergedRecursive: "blkio.io_merged_recursive",
    ioTimeRecursive: "blkio.time_recursive",
    sectorsRecursive: "blkio.sectors_recursive",
  },
  {
    ioServiceBytesRecursive: "blkio.throttle.io_service_bytes_recursive",
    ioServicedRecursive: "blkio.throttle.io_serviced_recursive",
  },
  {
    ioServiceBytesRecursive: "blkio.throttle.io_service_bytes",
    ioServicedRecursive: "blkio.throttle.io_serviced",
  },
];

function blkio(read: Read): Figures | undefined {
  let isThere = false;
  for (const files of BLOCK_FILES) {
    const tables = Object.entries(files).map(([name, file]) => {
      const text = read(file);
      if (text !== null) isThere = true;
      return [name, blockTable(text)] as const;
    });
    const filled = tables.filter(([, table]) => table.length > 0);
    if (filled.length > 0) return Object.fromEntries(filled);
  }
  return isThere ? {} : undefined;
}

/** The parts whose controllers are in version 1. `read` gives the trimmed text of a control file of the container's, or null. */
export function statsV1(read: Read): Figures {
  const parts = { cpu: cpu(read), cpuset: cpuset(read), memory: memory(read), blkio: blkio(read) };
  const hugetlb = hugePages((size) => {
    const figure = (file: string) => exact(read(`hugetlb.${size}.${file}`) ?? "0");
    if (read(`hugetlb.${size}.usage_in_bytes`) === null) return undefined;
    return { usage: figure("usage_in_bytes"), max: figure("max_usage_in_bytes"), failcnt: figure("failcnt") };
  });
  const current = read("pids.current");
  const limit = read("pids.max");
  const all = {
    ...parts,
    hugetlb,
    // "max" is 0, as runc has it
    pids:
      current === null ? undefined : { current: Number(current), limit: limit === "max" ? 0 : Number(limit) },
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, part]) => (part === undefined ? [] : [[name, part]])),
  );
}
