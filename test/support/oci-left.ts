/** What containers may leave behind on a machine, found by the names that only one run of one test file uses. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Lines of /proc/mounts that have to do with a folder. */
export function mountsBelow(folder: string): string[] {
  return readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(folder));
}

function idOf(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return "";
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** Processes whose root is one of these directories, or whose command line names the folder. */
export function processesOf(folder: string, roots: readonly string[]): string[] {
  const ids = new Set(roots.map(idOf).filter((id) => id !== ""));
  const found: string[] = [];
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const line = commandLine(pid);
    if (ids.has(idOf(`/proc/${pid}/root/.`)) || (folder !== "" && line.includes(folder)))
      found.push(`${pid} ${line}`);
  }
  return found;
}

const CGROUPS = "/sys/fs/cgroup";

/** Directories of cgroups whose path has this text. */
export function cgroupsWith(text: string): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const path = join(folder, entry.name);
      if (entry.name.includes(text)) found.push(path);
      try {
        walk(path);
      } catch {
        // gone meanwhile: another container's
      }
    }
  };
  walk(CGROUPS);
  return found;
}
