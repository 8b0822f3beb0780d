/**
 * Figures of cgroup version 2 (Documentation/admin-guide/cgroup-v2.rst of the kernel) in the form of runc, which is version 1's:
 * swap includes memory, and "no limit" is the highest number.
 */
import { keyed } from "./control-files.ts";
import { type BlockTable, exact, flat, hugePages, type Read } from "./stat-files.ts";
import type { Figure, Figures } from "./stats.ts";

const NO_LIMIT = 2n ** 64n - 1n;

function add(a: Figure, b: Figure): Figure {
  return exact(String(BigInt(a) + BigInt(b)));
}

function cpu(read: Read): Figures | undefined {
  const text = read("cpu.stat");
  if (text === null) return undefined;
  const stat = keyed(text);
  const count = (key: string) => Number(stat.get(key) ?? 0);
  const nanoseconds = (key: string) => count(key) * 1000;
  return {
    usage: {
      total: nanoseconds("usage_usec"),
      kernel: nanoseconds("system_usec"),
      user: nanoseconds("user_usec"),
    },
    throttling: {
      periods: count("nr_periods"),
      throttledPeriods: count("nr_throttled"),
      throttledTime: nanoseconds("throttled_usec"),
    },
  };
}

const limitOf = (text: string | null) => (text === null || text === "max" ? NO_LIMIT : exact(text));

function memory(read: Read): Figures | undefined {
  const current = read("memory.current");
  if (current === null) return undefined;
  const raw = flat(read("memory.stat"));
  const events = keyed(read("memory.events"));
  const limit = limitOf(read("memory.max"));
  const usage = {
    limit,
    usage: exact(current),
    // Linux 5.19
    max: exact(read("memory.peak") ?? "0"),
    failcnt: Number(events.get("max") ?? 0),
  };
  const swapped = read("memory.swap.current");
  const parts: Record<string, Figures> = { usage };
  if (swapped !== null) {
    const most = limitOf(read("memory.swap.max"));
    const both = most === NO_LIMIT || limit === NO_LIMIT ? NO_LIMIT : add(most, limit);
    parts["swap"] = { limit: both, usage: add(exact(swapped), exact(current)), failcnt: 0 };
  }
  return { cache: raw["file"] ?? 0, ...parts, raw };
}

/** Lines "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0" as version 1's tables. */
function ioStat(text: string): Record<string, BlockTable> {
  const rows = text.split("\n").flatMap((line) => {
    const [device = "", ...pairs] = line.split(" ");
    const [major, minor] = device.split(":").map(Number);
    if (major === undefined || minor === undefined) return [];
    return pairs.map((pair) => ({
      major,
      minor,
      key: pair.split("=")[0] ?? "",
      value: exact(pair.split("=")[1] ?? ""),
    }));
  });
  const table = (read: string, write: string) =>
    rows.flatMap(({ major, minor, key, value }) =>
      key === read || key === write ? [{ major, minor, op: key === read ? "Read" : "Write", value }] : [],
    );
  return { ioServiceBytesRecursive: table("rbytes", "wbytes"), ioServicedRecursive: table("rios", "wios") };
}

/** The parts whose controllers are in version 2. `read` reads the container's one directory. */
export function statsV2(read: Read): Figures {
  const io = read("io.stat");
  const current = read("pids.current");
  const limit = read("pids.max");
  const all = {
    cpu: cpu(read),
    memory: memory(read),
    pids:
      current === null ? undefined : { current: Number(current), limit: limit === "max" ? 0 : Number(limit) },
    blkio: io === null ? undefined : ioStat(io),
    hugetlb: hugePages((size) => {
      const usage = read(`hugetlb.${size}.current`);
      const events = keyed(read(`hugetlb.${size}.events`));
      return usage === null ? undefined : { usage: exact(usage), failcnt: Number(events.get("max") ?? 0) };
    }),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, part]) => (part === undefined ? [] : [[name, part]])),
  );
}
