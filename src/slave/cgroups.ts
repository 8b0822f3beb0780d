/** Which cgroup controllers this machine has mounted (cgroups(7)). */

export interface Cgroups {
  /** Controllers of mounted v1 hierarchies, in the order of the table of mounts. */
  readonly v1: readonly string[];
  /** Where the v2 hierarchy is mounted; null where it is not. */
  readonly v2: string | null;
}

/** Names in /proc/cgroups: a v1 mount's other options ("rw", "xattr", "name=systemd") are none. */
function knownControllers(cgroups: string): readonly string[] {
  return cgroups
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("\t")[0] ?? "");
}

/**
 * @param mounts /proc/mounts
 * @param cgroups /proc/cgroups, "" where the kernel has none
 */
export function parseCgroups(mounts: string, cgroups: string): Cgroups {
  const known = knownControllers(cgroups);
  const v1: string[] = [];
  let v2: string | null = null;
  for (const line of mounts.split("\n")) {
    const [, target = "", type, options = ""] = line.split(" ");
    if (type === "cgroup2") v2 ??= target;
    if (type !== "cgroup") continue;
    for (const word of options.split(",")) if (known.includes(word) && !v1.includes(word)) v1.push(word);
  }
  return { v1, v2 };
}
