/** Id maps of a user namespace (user_namespaces(7)), as config.json has them. */
import * as sys from "vz:sys";
import { hasCode } from "../../../common/errors.ts";
import { badConfig, count, id32, list, object } from "../../../common/oci/oci-read.ts";
import { failed, failure } from "../../system/failure.ts";
import { NAMESPACES } from "../../system/linux.ts";
import type { IdMap, IdMaps } from "../model.ts";

const { O_WRONLY } = sys.constants;

const mappings = list(object({ containerID: id32, hostID: id32, size: count }, {}));

/** Reads `uidMappings` or `gidMappings`. @throws VzError 78 */
export function readIdMap(value: unknown, at: string, unknown: string[]): readonly IdMap[] {
  const maps = value === undefined ? [] : mappings(value, at, unknown);
  maps.forEach(({ containerID, hostID, size }, i) => {
    const where = `${at}[${i}]`;
    if (size === 0) throw badConfig(where, "of size 0");
    if (containerID + size > 0xffffffff || hostID + size > 0xffffffff)
      throw badConfig(where, "ends above 4294967294");
  });
  return maps;
}

/** The id outside that `id` stands for, or undefined. */
export function outsideId(maps: readonly IdMap[], id: number): number | undefined {
  const map = maps.find(({ containerID, size }) => id >= containerID && id < containerID + size);
  return map === undefined ? undefined : map.hostID + id - map.containerID;
}

function write(pid: number, file: string, text: string): void {
  const fd = sys.open(`/proc/${pid}/${file}`, O_WRONLY);
  try {
    // the kernel takes a map in one write, and only once
    sys.writeAll(fd, text);
  } finally {
    sys.close(fd);
  }
}

const lines = (maps: readonly IdMap[]) =>
  maps.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");

/** Gives the new user namespace of `pid` its maps, from outside. @throws VzError 125 */
export function writeIdMaps(pid: number, { uid, gid }: IdMaps): void {
  try {
    if (sys.geteuid() !== 0) write(pid, "setgroups", "deny");
  } catch (error) {
    // before Linux 3.19 there is no such file and no such need
    if (!hasCode(error, "ENOENT")) throw failed("user namespace: setgroups", error);
  }
  try {
    write(pid, "uid_map", lines(uid));
    write(pid, "gid_map", lines(gid));
  } catch (error) {
    throw failed(
      "linux.uidMappings and linux.gidMappings",
      error,
      sys.geteuid() === 0 ? undefined : "who is not root can map the own id only",
    );
  }
}

/** A descriptor of a user namespace with these maps, for id-mapped mounts; a child that ends at once makes it. */
export function openUserNamespace(maps: IdMaps): number {
  const [ready, tellReady] = sys.pipe();
  const [go, tellGo] = sys.pipe();
  const pid = sys.fork();
  if (pid === 0) {
    try {
      sys.close(tellGo);
      sys.unshare(NAMESPACES.user);
      // its pid as /proc counts; fork(2) gives another number where /proc is that of another pid namespace
      sys.writeAll(tellReady, sys.readlink("/proc/self"));
      sys.read(go, new Uint8Array(1), 0, 1);
    } finally {
      sys.exit(0);
    }
  }
  sys.close(tellReady);
  try {
    const bytes = new Uint8Array(16);
    const number = Number(sys.fsDecode(bytes, 0, sys.read(ready, bytes, 0, bytes.length)));
    if (number === 0) throw failure("a user namespace for a mount: refused");
    writeIdMaps(number, maps);
    return sys.open(`/proc/${number}/ns/user`, 0);
  } finally {
    sys.close(tellGo);
    sys.close(ready);
    sys.close(go);
    sys.waitpid(pid);
  }
}
