/**
 * Namespaces that take more than unshare(2): those that are entered by path, user namespaces with their id maps, and the time
 * namespace with its offsets. Loaded where config.json asks for one of them.
 */
import * as sys from "vz:sys";
import { hasCode, reason } from "../../../common/errors.ts";
import type { OciLinux } from "../../../common/oci/oci.ts";
import { badConfig, object, plainObject, whole } from "../../../common/oci/oci-read.ts";
import { attempt, failed, isNamespaceRefused } from "../../system/failure.ts";
import { lookup, NAMESPACES } from "../../system/linux.ts";
import type { Credentials, IdMaps, Join, NamespacePart } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { outsideId, readIdMap } from "./id-maps.ts";

const { O_RDONLY, O_WRONLY } = sys.constants;
/** clone(2): the child is the caller's brother. */
const CLONE_PARENT = 0x8000;

const offset = object({}, { secs: whole, nanosecs: whole });

function bit(type: string): number {
  return lookup(NAMESPACES, type) ?? 0;
}

function planTime(value: unknown, unknown: string[]): string[] {
  const at = "linux.timeOffsets";
  return Object.entries(plainObject(value, at)).map(([clock, offsets]) => {
    if (clock !== "monotonic" && clock !== "boottime")
      throw badConfig(`${at}.${clock}`, "neither monotonic nor boottime");
    const { secs = 0, nanosecs = 0 } = offset(offsets, `${at}.${clock}`, unknown);
    return `${clock} ${secs} ${nanosecs}\n`;
  });
}

/** Without the user namespace: the ids outside that those inside stand for, and no capability, which would be the machine's. */
function withoutUserNamespace(credentials: Credentials, maps: IdMaps): Credentials {
  const id = (map: IdMaps["uid"], at: string, inside: number) => {
    const outside = outsideId(map, inside);
    if (outside === undefined) throw badConfig(at, `${inside} is not mapped`);
    return outside;
  };
  const none = 0n;
  return {
    ...credentials,
    uid: id(maps.uid, "process.user.uid", credentials.uid),
    gid: id(maps.gid, "process.user.gid", credentials.gid),
    groups:
      credentials.groups === null
        ? null
        : credentials.groups.map((group) => id(maps.gid, "process.user.additionalGids", group)),
    capabilities: {
      bounding: none,
      effective: none,
      permitted: none,
      inheritable: none,
      ambient: none,
    },
  };
}

/** Becomes root of the new user namespace, which the right to mount and the owner of what is made hang on. */
function becomeRoot(): void {
  for (const act of [() => sys.setgid(0), () => sys.setuid(0)]) {
    try {
      act();
    } catch (error) {
      // an id that is not mapped cannot be had; the capabilities are there all the same
      if (!hasCode(error, "EINVAL", "EPERM")) throw error;
    }
  }
}

/**
 * @param types namespaces to make
 * @throws VzError 78
 */
export function planNamespaceParts(
  linux: OciLinux,
  types: readonly string[],
  joins: readonly Join[],
  unknown: string[],
  short: Shortfalls,
): NamespacePart {
  const uid = readIdMap(linux.uidMappings, "linux.uidMappings", unknown);
  const gid = readIdMap(linux.gidMappings, "linux.gidMappings", unknown);
  const makesUser = types.includes("user");
  if (makesUser && uid.length === 0)
    throw badConfig("linux.uidMappings", "missing, with a new user namespace");
  if (makesUser && gid.length === 0)
    throw badConfig("linux.gidMappings", "missing, with a new user namespace");
  const field = "linux.uidMappings and linux.gidMappings";
  if (!makesUser && uid.length + gid.length > 0) {
    if (!linux.namespaces?.some(({ type }) => type === "user"))
      throw badConfig(field, "without a user namespace");
    if (short.isolation !== "chroot") short.add(field, "the user namespace that is entered has maps already");
  }
  const offsets = linux.timeOffsets === undefined ? [] : planTime(linux.timeOffsets, unknown);
  const makesTime = types.includes("time");
  if (offsets.length > 0 && !makesTime) throw badConfig("linux.timeOffsets", "without a new time namespace");
  const maps = makesUser ? { uid, gid } : null;
  const opened: { type: string; path: string; fd: number }[] = [];
  let userIsRefused = false;

  const entered: string[] = [];
  // never done without: whoever names a namespace counts on its network, its processes or its mounts
  const enterOne = ({ type, path, fd }: (typeof opened)[number]) => {
    attempt(`${type} namespace ${path}`, () => sys.setns(fd, bit(type)));
    entered.push(type);
    sys.close(fd);
  };

  return {
    maps,
    enter(credentials, ask, granted) {
      // all are opened before the first is entered
      for (const { type, path } of joins) {
        attempt(`${type} namespace ${path}`, () => {
          opened.push({ type, path, fd: sys.open(path, O_RDONLY) });
        });
      }
      // the user namespace first: it holds the right to enter the others
      for (const one of opened) if (one.type === "user") enterOne(one);
      if (entered.includes("user")) becomeRoot();
      let result = credentials;
      if (maps !== null) {
        try {
          sys.unshare(bit("user"));
        } catch (error) {
          if (!isNamespaceRefused(error)) throw failed("user namespace", error);
          userIsRefused = true;
          granted.add(
            "user namespace",
            `${reason(error)}; with the ids that are mapped, and no capabilities`,
          );
          result = withoutUserNamespace(credentials, maps);
        }
        if (!userIsRefused) {
          ask("idMaps");
          becomeRoot();
        }
      }
      for (const one of opened) if (one.type !== "user" && one.type !== "mount") enterOne(one);
      return result;
    },
    hop(granted, leave) {
      let forks = entered.includes("pid") || entered.includes("time");
      for (const type of ["pid", "time"] as const) {
        if (!types.includes(type)) continue;
        try {
          sys.unshare(bit(type));
          forks = true;
        } catch (error) {
          if (!isNamespaceRefused(error)) throw failed(`${type} namespace`, error);
          granted.add(`${type} namespace`, reason(error));
          continue;
        }
        if (type === "time" && offsets.length > 0) {
          attempt("linux.timeOffsets", () => {
            const fd = sys.open("/proc/self/timens_offsets", O_WRONLY);
            sys.writeAll(fd, offsets.join(""));
            sys.close(fd);
          });
        }
      }
      if (!forks) return false;
      const pid = sys.clone(CLONE_PARENT);
      return pid === 0 || leave(pid);
    },
    entered,
    enterMounts() {
      for (const one of opened) if (one.type === "mount") enterOne(one);
    },
  };
}
