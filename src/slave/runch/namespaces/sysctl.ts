/** `linux.sysctl`: kernel parameters of the container's own namespaces; any other would hold for the whole machine. */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import { badConfig } from "../../../common/oci/oci-read.ts";
import { failed } from "../../system/failure.ts";
import type { SysctlAct } from "../model.ts";

const { O_WRONLY } = sys.constants;

/** The namespace that a parameter belongs to (namespaces(7), ipc_namespaces(7)); undefined: the machine. */
export function namespaceOf(key: string): string | undefined {
  if (key.startsWith("net.")) return "network";
  if (key.startsWith("fs.mqueue.")) return "ipc";
  if (/^kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/.test(key)) return "ipc";
  if (/^kernel\.(hostname|domainname)$/.test(key)) return "uts";
  return undefined;
}

/** sysctl(8): dots part the names, unless the first separator is a slash. */
function sysctlPath(key: string): string {
  const dotted = !/^[^./]*\//.test(key);
  const swapped = dotted ? key.replace(/[./]/g, (c) => (c === "." ? "/" : ".")) : key;
  return `/proc/sys/${swapped}`;
}

/**
 * @param asked types of namespaces that config.json has
 * @throws VzError 78 for a parameter that would be the machine's
 */
export function planSysctl(sysctl: Readonly<Record<string, string>>, asked: readonly string[]): SysctlAct {
  const writes: { field: string; path: string; value: string; namespace: string }[] = [];
  for (const key of Object.keys(sysctl)) {
    const field = `linux.sysctl.${key}`;
    const path = sysctlPath(key);
    if (!/^[\w./*:-]+$/.test(key) || path.split("/").includes(".."))
      throw badConfig(field, "not a parameter");
    const dotted = path.slice("/proc/sys/".length).split("/").join(".");
    if (dotted === "kernel.hostname") throw badConfig(field, "hostname is the field for it");
    const namespace = namespaceOf(dotted);
    if (namespace === undefined || !asked.includes(namespace)) {
      const needs = namespace === undefined ? "" : ` without a ${namespace} namespace`;
      throw badConfig(field, `it would hold for the whole machine${needs}`);
    }
    writes.push({ field, path, value: sysctl[key] ?? "", namespace });
  }
  return (own, short) => {
    for (const { field, path, value, namespace } of writes) {
      if (!own.includes(namespace)) {
        short.add(field, `without a ${namespace} namespace it would hold for the whole machine`);
        continue;
      }
      try {
        const fd = sys.open(path, O_WRONLY);
        try {
          sys.writeAll(fd, value);
        } finally {
          sys.close(fd);
        }
      } catch (error) {
        if (!hasCode(error, "EPERM", "EACCES", "EROFS")) throw failed(field, error);
        short.add(field, reason(error));
      }
    }
  };
}
