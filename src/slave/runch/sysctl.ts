/** `linux.sysctl`: kernel parameters of the container's own namespaces; any other would hold for the whole machine. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../common/errors.ts";
import { badConfig } from "../../common/oci-read.ts";
import { failed } from "./failure.ts";
import type { Act } from "./parts.ts";
import type { Shortfalls } from "./shortfalls.ts";

const { O_WRONLY = 1 } = sys.constants;

/** The namespace that a parameter belongs to (namespaces(7), ipc_namespaces(7)); undefined: the machine. */
export function namespaceOf(key: string): string | undefined {
  if (key.startsWith("net.")) return "network";
  if (key.startsWith("fs.mqueue.")) return "ipc";
  if (/^kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/.test(key)) return "ipc";
  if (/^kernel\.(hostname|domainname)$/.test(key)) return "uts";
  return undefined;
}

/** sysctl(8): dots part the names, unless the first separator is a slash. */
export function sysctlPath(key: string): string {
  const dotted = !/^[^./]*\//.test(key);
  const swapped = dotted ? key.replace(/[./]/g, (c) => (c === "." ? "/" : ".")) : key;
  return `/proc/sys/${swapped}`;
}

/** @param own types of namespaces that are not the machine's @throws VzError 78 */
export function planSysctl(
  sysctl: Readonly<Record<string, string>>,
  own: readonly string[],
  short: Shortfalls,
): Act {
  const writes: { field: string; path: string; value: string }[] = [];
  for (const key of Object.keys(sysctl)) {
    const field = `linux.sysctl.${key}`;
    const path = sysctlPath(key);
    if (!/^[\w./*:-]+$/.test(key) || path.split("/").includes(".."))
      throw badConfig(field, "not a parameter");
    const dotted = path.slice("/proc/sys/".length).split("/").join(".");
    const namespace = namespaceOf(dotted);
    if (namespace === undefined || !own.includes(namespace)) {
      short.add(field, "it would hold for the whole machine");
    } else {
      writes.push({ field, path, value: sysctl[key] ?? "" });
    }
  }
  return (granted) => {
    for (const { field, path, value } of writes) {
      try {
        const fd = sys.open(path, O_WRONLY);
        try {
          sys.writeAll(fd, value);
        } finally {
          sys.close(fd);
        }
      } catch (error) {
        if (!hasCode(error, "EPERM", "EACCES", "EROFS")) throw failed(field, error);
        granted.add(field, reason(error));
      }
    }
  };
}
