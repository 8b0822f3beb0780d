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
import type { Credentials, IdMaps, Join, NamespacePart, OutsideTask } from "../model.ts";
import type { Shortfalls } from "../shortfalls.ts";
import { outsideId, readIdMap } from "./id-maps.ts";

const { O_RDONLY, O_WRONLY } = sys.constants;
/** clone(2): the child is the caller's sibling. */
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

/** The id maps of a user namespace that is made; null where none is. @throws VzError 78 */
function planMaps(
  { uidMappings, gidMappings, namespaces }: OciLinux,
  makesUser: boolean,
  unknown: string[],
  short: Shortfalls,
): IdMaps | null {
  const uid = readIdMap(uidMappings, "linux.uidMappings", unknown);
  const gid = readIdMap(gidMappings, "linux.gidMappings", unknown);
  if (makesUser) {
    if (uid.length === 0) throw badConfig("linux.uidMappings", "missing, with a new user namespace");
    if (gid.length === 0) throw badConfig("linux.gidMappings", "missing, with a new user namespace");
    return { uid, gid };
  }
  if (uid.length + gid.length === 0) return null;
  const field = "linux.uidMappings and linux.gidMappings";
  if (!namespaces?.some(({ type }) => type === "user")) throw badConfig(field, "without a user namespace");
  if (short.isolation !== "chroot") short.add(field, "the user namespace that is entered has maps already");
  return null;
}

interface Opened extends Join {
  readonly fd: number;
}

/** The namespaces of a container that take more than one unshare(2): joined ones, and those that are made for a child. */
class Namespaces implements NamespacePart {
  readonly maps: IdMaps | null;
  readonly entered: string[] = [];
  readonly #types: readonly string[];
  readonly #joins: readonly Join[];
  /** Lines for /proc/self/timens_offsets. */
  readonly #offsets: readonly string[];
  readonly #opened: Opened[] = [];

  constructor(
    maps: IdMaps | null,
    types: readonly string[],
    joins: readonly Join[],
    offsets: readonly string[],
  ) {
    this.maps = maps;
    this.#types = types;
    this.#joins = joins;
    this.#offsets = offsets;
  }

  enter(credentials: Credentials, ask: (task: OutsideTask) => void, short: Shortfalls): Credentials {
    // all are opened before the first is entered
    for (const { type, path } of this.#joins) {
      attempt(`${type} namespace ${path}`, () => {
        this.#opened.push({ type, path, fd: sys.open(path, O_RDONLY) });
      });
    }
    // the user namespace first: it holds the right to enter the others
    this.#enterOpened((type) => type === "user");
    if (this.entered.includes("user")) becomeRoot();
    const result = this.maps === null ? credentials : makeUser(credentials, this.maps, ask, short);
    this.#enterOpened((type) => type !== "user" && type !== "mount");
    return result;
  }

  hop(short: Shortfalls, leave: (pid: number) => never): boolean {
    let forks = this.entered.includes("pid") || this.entered.includes("time");
    for (const type of ["pid", "time"] as const) {
      if (!this.#types.includes(type)) continue;
      try {
        sys.unshare(bit(type));
        forks = true;
      } catch (error) {
        if (!isNamespaceRefused(error)) throw failed(`${type} namespace`, error);
        short.add(`${type} namespace`, reason(error));
        continue;
      }
      if (type === "time") this.#setClocks();
    }
    if (!forks) return false;
    const pid = sys.clone(CLONE_PARENT);
    return pid === 0 || leave(pid);
  }

  enterMounts(): void {
    this.#enterOpened((type) => type === "mount");
  }

  /** Never done without: whoever names a namespace counts on its network, its processes or its mounts. */
  #enterOpened(isOne: (type: string) => boolean): void {
    for (const { type, path, fd } of this.#opened.filter((one) => isOne(one.type))) {
      attempt(`${type} namespace ${path}`, () => sys.setns(fd, bit(type)));
      this.entered.push(type);
      sys.close(fd);
    }
  }

  #setClocks(): void {
    if (this.#offsets.length === 0) return;
    attempt("linux.timeOffsets", () => {
      const fd = sys.open("/proc/self/timens_offsets", O_WRONLY);
      sys.writeAll(fd, this.#offsets.join(""));
      sys.close(fd);
    });
  }
}

/** @returns the credentials, those without a user namespace where that is refused */
function makeUser(
  credentials: Credentials,
  maps: IdMaps,
  ask: (task: OutsideTask) => void,
  short: Shortfalls,
): Credentials {
  try {
    sys.unshare(bit("user"));
  } catch (error) {
    if (!isNamespaceRefused(error)) throw failed("user namespace", error);
    short.add("user namespace", `${reason(error)}; with the ids that are mapped, and no capabilities`);
    return withoutUserNamespace(credentials, maps);
  }
  ask("idMaps");
  becomeRoot();
  return credentials;
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
  const maps = planMaps(linux, types.includes("user"), unknown, short);
  const offsets = linux.timeOffsets === undefined ? [] : planTime(linux.timeOffsets, unknown);
  if (offsets.length > 0 && !types.includes("time"))
    throw badConfig("linux.timeOffsets", "without a new time namespace");
  return new Namespaces(maps, types, joins, offsets);
}
