/** What this slave is and can do. */
import { readFileSync } from "node:fs";
import * as sys from "vz:sys";
import { DATA_DIR } from "../../common/contract/paths.ts";
import type { FactsAnswer } from "../../common/contract/protocol.ts";
import { openStore } from "../store/real-system.ts";
import { detectInit } from "../supervise/init-kind.ts";
import { runnableArchitectures } from "./architectures.ts";
import { dataDirectory, mountNamespace } from "./probe.ts";

/** Where there is room when the disk is full. */
const IN_MEMORY = ["/dev/shm", "/tmp"];

export function readFacts(): FactsAnswer {
  const { nodename, release, machine } = sys.uname();
  // First, since it makes the data directory that the disk is measured at.
  const architectures = runnableArchitectures(dataDirectory(), IN_MEMORY);
  const { bsize, blocks, bavail } = sys.statfs(DATA_DIR);
  return {
    hostname: nodename,
    kernel: release,
    machine,
    architectures,
    init: detectInit().kind,
    uptime: Math.floor(Number.parseFloat(readFileSync("/proc/uptime", "latin1"))),
    memory: parseMemory(readFileSync("/proc/meminfo", "latin1")),
    disk: { total: bsize * blocks, available: bsize * bavail },
    mountNamespace: mountNamespace(),
    images: openStore().list(),
  };
}

/** Reads /proc/meminfo. MemAvailable is there since Linux 3.14; without it, it is estimated as free(1) did then. */
export function parseMemory(meminfo: string): FactsAnswer["memory"] {
  const bytes = (name: string) => {
    const kilobytes = new RegExp(`^${name}:\\s+([0-9]+) kB$`, "m").exec(meminfo)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  };
  const estimate = (bytes("MemFree") ?? 0) + (bytes("Buffers") ?? 0) + (bytes("Cached") ?? 0);
  return { total: bytes("MemTotal") ?? 0, available: bytes("MemAvailable") ?? estimate };
}
